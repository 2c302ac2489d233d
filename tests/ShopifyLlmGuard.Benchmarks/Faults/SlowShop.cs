using ShopifyLlmGuard.Tests;
using ShopifyLlmGuard.Tests.Faults;

namespace ShopifyLlmGuard.Benchmarks.Faults;

/// <summary>Two chats a minute before an endpoint that says nothing: how many of them wait for it before nobody asks it any more.</summary>
internal sealed class SlowShop(PostgresCluster postgres)
{
    private const int Calls = 6;
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(30);

    public async Task<int?> WaitingCallsAsync()
    {
        await using var field = new FaultField();
        var lane = field.Add(Fault.All.Single(fault => fault.Code == "S06"), "slow-shop");

        // Nothing but the traffic itself may find it out here: no probes.
        await using var server = await GuardServer.StartAsync(postgres, [.. field.Settings, ("Jobs:Run", "false"), ("Health:Watch", "false")]);
        var key = await server.KeyAsync(lane.Jurisdiction);
        await server.RunAsync();
        using var http = new HttpClient(new SocketsHttpHandler()) { Timeout = TimeSpan.FromSeconds(30) };
        using var ticks = new PeriodicTimer(Every, TimeProvider.System);
        for (var call = 0; call < Calls; call++)
        {
            await new FaultCaller(http).AskAsync(
                $"{server.Url}/v1/chat/completions", lane.Name, streamed: false, new Dictionary<string, string> { ["Authorization"] = $"Bearer {key}" }, CancellationToken.None);
            await (call < Calls - 1 ? ticks.WaitForNextTickAsync().AsTask() : Task.CompletedTask);
        }

        return field.Llm.AttemptsAt(lane.Primary).Count;
    }
}
