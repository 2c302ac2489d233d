using ShopifyLlmGuard.Browser;
using ShopifyLlmGuard.Tests;
using ShopifyLlmGuard.Tests.Faults;

namespace ShopifyLlmGuard.Benchmarks.Faults;

/// <summary>A real inference host with a real model as the first endpoint, really killed and really frozen; another stands ready.</summary>
internal sealed class ProcessRun(PostgresCluster postgres, int repetitions)
{
    private static readonly TimeSpan MidStream = TimeSpan.FromMilliseconds(60);

    private static readonly (Fault Fault, Func<HostProcess, Task> Break, bool BeforeTheCall)[] Kinds =
    [
        (new("P01", "SIGKILL of the inference host", "host"), Now(host => host.KillNow()), true),
        (new("P02", "SIGSTOP of the inference host", "host"), Now(host => host.Freeze()), true),
        (new("P03", "SIGKILL of the inference host in the middle of a stream", "host"), LaterAsync, false),
    ];

    public async Task<IReadOnlyList<FaultRow>> RunAsync()
    {
        await using var field = new FaultField();
        var model = Path.Combine(Programs.Root, "infra", "demo-model", "carewell-demo.gguf");
        await using var host = new HostProcess(
            "ShopifyLlmGuard.Inference", Path.Combine(Programs.Root, "app", "ShopifyLlmGuard.Inference"),
            new Dictionary<string, string> { ["Inference__Model"] = model }, $"http://127.0.0.1:{Programs.FreePort()}");
        await host.StartAsync("/health");
        var lane = field.Add(new("P", "a real host", "ok") { Url = host.Url }, "real");
        await using var server = await GuardServer.StartAsync(postgres, [.. field.Settings, ("Health:Every", "00:00:01"), ("Health:GoodToUp", "2")]);
        var key = await server.KeyAsync(lane.Jurisdiction);
        await server.RunAsync();
        var rows = new List<FaultRow>();
        foreach (var (fault, breaks, before) in Kinds)
        {
            foreach (var streamed in (bool[])[false, true])
            {
                rows.Add(await OneAsync(server, host, lane, key, fault, breaks, before, streamed));
            }
        }

        return rows;
    }

    private async Task<FaultRow> OneAsync(
        GuardServer server, HostProcess host, FaultLane lane, string key, Fault fault, Func<HostProcess, Task> breaks, bool before, bool streamed)
    {
        using var http = new HttpClient(new SocketsHttpHandler()) { Timeout = TimeSpan.FromSeconds(30) };
        var calls = new List<FaultCall>();
        for (var call = 0; call < repetitions; call++)
        {
            Told? whole = null;
            await Eventually.TrueAsync(async () => (whole = await AskAsync()) is { Finish: "stop" } told && told.Model == lane.Primary, "the real host answers", 120);
            var breaking = before ? breaks(host) : Task.CompletedTask;
            await breaking;
            var asking = AskAsync();
            await (before ? Task.CompletedTask : breaks(host));
            var told = await asking;
            calls.Add(Judge(told, whole!));
            host.Thaw();
            await host.RestartAsync();
        }

        return new(fault, "guard", streamed, calls);

        Task<Told> AskAsync() => new FaultCaller(http).AskAsync(
            $"{server.Url}/v1/chat/completions", lane.Name, streamed, new Dictionary<string, string> { ["Authorization"] = $"Bearer {key}" }, CancellationToken.None);
    }

    // The real model answers the same words each time (temperature 0), so half an answer cannot hide.
    private static FaultCall Judge(Told told, Told whole)
    {
        var complete = told is { Status: 200, EndedWell: true, Error: null, Finish: "stop" or "length" } && (told.IsComplete || told.Text == whole.Text);
        var truncated = told is { Status: 200, EndedWell: true, Error: null } && !complete;
        return new(complete ? FaultVerdict.Pass : truncated ? FaultVerdict.Fail : FaultVerdict.Safe, told, told.Took, 0, truncated);
    }

    private static Func<HostProcess, Task> Now(Action<HostProcess> act) => host =>
    {
        act(host);
        return Task.CompletedTask;
    };

    private static async Task LaterAsync(HostProcess host)
    {
        await Task.Delay(MidStream, TimeProvider.System);
        host.KillNow();
    }
}
