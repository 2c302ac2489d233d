using System.ClientModel.Primitives;
using System.Globalization;

namespace ShopifyLlmGuard.Llm.Wire;

/// <summary>What a running call and the layers under the client library tell each other; the library knows nothing of it.</summary>
internal sealed class CallFlow(Deadline deadline)
{
    private static readonly AsyncLocal<CallFlow?> Flowing = new();

    /// <summary>That of the call that this code runs for.</summary>
    public static CallFlow? Current => Flowing.Value;

    public Deadline Deadline => deadline;

    /// <summary>Whether the stream has said that nothing more comes: <c>data: [DONE]</c>.</summary>
    public bool SawEnd { get; set; }

    /// <summary>The calls that begin in this flow are told of it.</summary>
    public void Begin() => Flowing.Value = this;
}

/// <summary>Tells the host how long the caller still waits, so that it drops work that nobody will read.</summary>
internal sealed class DeadlineHeader : PipelinePolicy
{
    public const string Name = "X-Deadline-Ms";

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
        if (CallFlow.Current is { } flow)
        {
            message.Request.Headers.Set(
                Name, ((long)flow.Deadline.Remaining.TotalMilliseconds).ToString(CultureInfo.InvariantCulture));
        }
    }
}
