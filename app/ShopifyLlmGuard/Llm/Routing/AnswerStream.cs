using System.Runtime.CompilerServices;
using System.Text;
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

            while (Next() is { } part)
            {
                yield return part;
            }
        }

        // The channel is closed just before the work ends.
        await ((Task)work).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        yield return Last(work.IsCompletedSuccessfully ? await work : Attempt.NotMade(Reasons.InternalError));
    }

    // A reader that is slower than the model gets more at once, not everything later: after the beginning come words only.
    private AnswerPart? Next()
    {
        if (!parts.TryRead(out var part) || part is not AnswerPart.Text first)
        {
            hasBegun |= part is not null;
            return part;
        }

        StringBuilder? words = null;
        while (parts.TryRead(out var more))
        {
            (words ??= new StringBuilder(first.Value)).Append(((AnswerPart.Text)more).Value);
        }

        return words is null ? part : new AnswerPart.Text(words.ToString());
    }

    private AnswerPart Last(Attempt attempt) => (attempt.Reason, hasBegun, call.Instead) switch
    {
        (null, true, _) => new AnswerPart.Done(attempt),
        (_, false, _) => new AnswerPart.Failed(attempt.Reason ?? Reasons.InternalError, attempt),
        (_, true, { } words) => new AnswerPart.Replaced(words, attempt.Reason!, attempt),
        _ => new AnswerPart.Incomplete(attempt.Reason!, attempt),
    };
}
