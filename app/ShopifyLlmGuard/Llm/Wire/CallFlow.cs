using System.ClientModel.Primitives;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace ShopifyLlmGuard.Llm.Wire;

/// <summary>What a running call and the layers under the client library tell each other; the library knows nothing of it.</summary>
internal sealed class CallFlow(Deadline deadline, ModelCall? call)
{
    private static readonly AsyncLocal<CallFlow?> Flowing = new();

    /// <summary>That of the call that this code runs for.</summary>
    public static CallFlow? Current => Flowing.Value;

    public Deadline Deadline => deadline;

    /// <summary>What is asked; null for a probe.</summary>
    public ModelCall? Call => call;

    /// <summary>Whether the stream has said that nothing more comes: <c>data: [DONE]</c>.</summary>
    public bool SawEnd { get; set; }

    /// <summary>The calls that begin in this flow are told of it.</summary>
    public void Begin() => Flowing.Value = this;
}

/// <summary>
/// Tells the host how long the caller still waits, so that it drops work that nobody will read; for whom it works, by a name that
/// says nothing, so that it keeps callers apart; and how urgent it is. Hosts that do not know these headers ignore them.
/// </summary>
internal sealed class HostHeaders : PipelinePolicy
{
    public const string Deadline = "X-Deadline-Ms";
    public const string Caller = "X-Caller";
    public const string Priority = "X-Priority";

    public override void Process(PipelineMessage message, IReadOnlyList<PipelinePolicy> pipeline, int currentIndex)
    {
        Write(message.Request.Headers);
        ProcessNext(message, pipeline, currentIndex);
    }

    public override ValueTask ProcessAsync(PipelineMessage message, IReadOnlyList<PipelinePolicy> pipeline, int currentIndex)
    {
        Write(message.Request.Headers);
        return ProcessNextAsync(message, pipeline, currentIndex);
    }

    private static void Write(PipelineRequestHeaders headers)
    {
        if (CallFlow.Current is not { } flow)
        {
            return;
        }

        headers.Set(Deadline, ((long)flow.Deadline.Remaining.TotalMilliseconds).ToString(CultureInfo.InvariantCulture));
        if (flow.Call is { } call)
        {
            headers.Set(Caller, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(call.Caller.Id)))[..16]);
            headers.Set(Priority, call.Feature == Flags.Features.Recommendations ? "recommendations" : "chat");
        }
    }
}
