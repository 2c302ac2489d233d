using System.ClientModel.Primitives;
using System.Globalization;

namespace ShopifyLlmGuard.Llm;

/// <summary>Tells the host how long the caller still waits, so that it drops work that nobody will read.</summary>
internal sealed class DeadlineHeader : PipelinePolicy
{
    public const string Name = "X-Deadline-Ms";
    private static readonly AsyncLocal<Deadline?> Flowing = new();

    /// <summary>The deadline of the calls that begin in this flow.</summary>
    public static void Flow(Deadline deadline) => Flowing.Value = deadline;

    public override void Process(PipelineMessage message, IReadOnlyList<PipelinePolicy> pipeline, int currentIndex)
    {
        Write(message);
        ProcessNext(message, pipeline, currentIndex);
    }

    public override ValueTask ProcessAsync(PipelineMessage message, IReadOnlyList<PipelinePolicy> pipeline, int currentIndex)
    {
        Write(message);
        return ProcessNextAsync(message, pipeline, currentIndex);
    }

    private static void Write(PipelineMessage message)
    {
        if (Flowing.Value is { } deadline)
        {
            message.Request.Headers.Set(
                Name, ((long)deadline.Remaining.TotalMilliseconds).ToString(CultureInfo.InvariantCulture));
        }
    }
}
