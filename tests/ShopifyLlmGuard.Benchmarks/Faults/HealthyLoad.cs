using System.Collections.Concurrent;
using ShopifyLlmGuard.Tests.Faults;

namespace ShopifyLlmGuard.Benchmarks.Faults;

/// <summary>
/// Healthy traffic beside the faults. It must not notice them, and it earns the retries that the guard's own defaults allow:
/// one for ten calls.
/// </summary>
internal sealed class HealthyLoad(FaultCaller caller, string server, FaultLane lane, string key)
{
    private readonly ConcurrentQueue<Told> missed = new();

    /// <summary>Endpoints that answer at once, with what they were asked.</summary>
    public static Fault Endpoints { get; } = new("load", "healthy traffic", "echo") { Secondary = "echo" };

    public int Calls { get; private set; }

    /// <summary>Calls that came back with anything but an answer, and what they were told instead.</summary>
    public IReadOnlyCollection<Told> Missed => missed;

    public async Task RunAsync(int perSecond, CancellationToken until)
    {
        using var ticks = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / perSecond), TimeProvider.System);
        var running = new List<Task>();
        for (; !until.IsCancellationRequested; Calls++)
        {
            running.RemoveAll(call => call.IsCompletedSuccessfully);
            running.Add(AskAsync(streamed: Calls % 2 == 0));
            await ticks.WaitForNextTickAsync(CancellationToken.None);
        }

        await Task.WhenAll(running);
    }

    private async Task AskAsync(bool streamed)
    {
        var told = await caller.AskAsync(
            $"{server}/v1/chat/completions", lane.Name, streamed, new Dictionary<string, string> { ["Authorization"] = $"Bearer {key}" }, CancellationToken.None);
        if (told is not { Status: 200, EndedWell: true, Error: null, Finish: "stop" })
        {
            missed.Enqueue(told);
        }
    }
}
