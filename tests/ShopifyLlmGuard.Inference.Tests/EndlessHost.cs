namespace ShopifyLlmGuard.Inference.Tests;

/// <summary>One host for a class of tests: the endless model, one answer at a time and a queue of two.</summary>
public sealed class EndlessHost : IAsyncLifetime
{
    /// <summary>Tokens of the answer to <see cref="LongQuestion"/>.</summary>
    internal const int LongAnswer = 15000;

    /// <summary>Takes many seconds to answer, on any machine.</summary>
    internal static object LongQuestion(bool stream = false, int maxTokens = LongAnswer) => new
    {
        messages = new[] { new { role = "user", content = "tell me everything" } },
        max_tokens = maxTokens,
        temperature = 0,
        stream,
    };

    /// <summary>Is answered in milliseconds.</summary>
    internal static object ShortQuestion(int maxTokens = 4) => new
    {
        messages = new[] { new { role = "user", content = "hello" } },
        max_tokens = maxTokens,
        temperature = 0,
    };

    internal HostProcess Host { get; private set; } = null!;

    public async Task InitializeAsync() =>
        Host = await HostProcess.ReadyAsync(Models.Endless, "--Inference:Context", "16384", "--Inference:QueueLength", "2", "--Inference:Threads", "1",
            "--Inference:Parallel", "1", "--Inference:ShadowAdmission", "true");

    public async Task DisposeAsync() => await Host.DisposeAsync();
}
