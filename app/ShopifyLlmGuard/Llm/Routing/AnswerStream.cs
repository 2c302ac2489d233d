using System.Runtime.CompilerServices;
using System.Threading.Channels;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Llm.Routing;

/// <summary>Reads a running call's parts under a timer of its own, and says at the end what has become of them.</summary>
internal sealed class AnswerStream(ModelCall call, ChannelReader<AnswerPart> parts, Task<Attempt> work, Deadline deadline)
{
    private bool hasBegun;

    public async IAsyncEnumerable<AnswerPart> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            var more = parts.WaitToReadAsync(CancellationToken.None).AsTask();
            if (!await Race.EndsAsync(more, deadline.Remaining + Race.Courtesy, deadline.Clock, cancellationToken))
            {
                cancellationToken.ThrowIfCancellationRequested();
                yield return Last(Attempt.NotMade(Reasons.Timeout));
                yield break;
            }

            if (!await more)
            {
                break;
            }

            while (parts.TryRead(out var part))
            {
                hasBegun = true;
                yield return part;
            }
        }

        // The channel is closed just before the work ends.
        await ((Task)work).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        yield return Last(work.IsCompletedSuccessfully ? await work : Attempt.NotMade(Reasons.InternalError));
    }

    private AnswerPart Last(Attempt attempt) => (attempt.Reason, hasBegun, call.Instead) switch
    {
        (null, true, _) => new AnswerPart.Done(attempt),
        (_, false, _) => new AnswerPart.Failed(attempt.Reason ?? Reasons.InternalError, attempt),
        (_, true, { } words) => new AnswerPart.Replaced(words, attempt.Reason!, attempt),
        _ => new AnswerPart.Incomplete(attempt.Reason!, attempt),
    };
}
