using ShopifyLlmGuard.Browser;
using ShopifyLlmGuard.Tests;
using ShopifyLlmGuard.Tests.Faults;

namespace ShopifyLlmGuard.Benchmarks.Faults;

/// <summary>Real inference hosts with a real model as first endpoints, really killed and really frozen; others stand ready.</summary>
internal sealed class ProcessRun(PostgresCluster postgres, int repetitions)
{
    private static readonly TimeSpan MidAnswer = TimeSpan.FromMilliseconds(60);

    // What was shown of a stream cannot be taken back, so that its end may also be a clean error.
    private static readonly Fault[] Kinds =
    [
        new("P01", "SIGKILL of the inference host", "host"),
        new("P02", "SIGSTOP of the inference host", "host"),
        new("P03", "SIGKILL of the inference host in the middle of its answer", "host"),
    ];

    /// <summary>Every kind in both forms at the same time, each with a host of its own before one server.</summary>
    public async Task<IReadOnlyList<FaultRow>> RunAsync()
    {
        await using var field = new FaultField();
        var load = field.Add(HealthyLoad.Endpoints, "load");
        var victims = (from fault in Kinds from streamed in (bool[])[false, true] select new Victim(fault, streamed, field)).ToList();
        try
        {
            await Task.WhenAll(victims.Select(victim => victim.Host.StartAsync("/health")));
            await using var server = await GuardServer.StartAsync(postgres, [.. field.Settings, .. FaultRun.Room, ("Health:Every", "00:00:01"), ("Health:GoodToUp", "2")]);
            foreach (var victim in victims)
            {
                victim.Key = await server.KeyAsync(victim.Lane.Jurisdiction);
            }

            var key = await server.KeyAsync(load.Jurisdiction);
            await server.RunAsync();
            using var http = new HttpClient(new SocketsHttpHandler()) { Timeout = TimeSpan.FromSeconds(30) };
            using var enough = new CancellationTokenSource();
            var traffic = new HealthyLoad(new FaultCaller(http), server.Url, load, key).RunAsync(FaultRun.LoadPerSecond / 2, enough.Token);
            var rows = await Task.WhenAll(victims.Select(victim => BreakAsync(victim, new FaultCaller(http), server.Url)));
            await enough.CancelAsync();
            await traffic;
            return rows;
        }
        finally
        {
            await Task.WhenAll(victims.Select(victim => victim.Host.DisposeAsync().AsTask()));
        }
    }

    private async Task<FaultRow> BreakAsync(Victim victim, FaultCaller caller, string server)
    {
        var calls = new List<FaultCall>();
        while (calls.Count < repetitions)
        {
            Told? whole = null;
            await Eventually.TrueAsync(
                async () => (whole = await AskAsync(null)) is { Status: 200, EndedWell: true, Error: null } told && told.Model == victim.Lane.Primary,
                $"the real host {victim.Lane.Name} answers", 120);
            calls.Add(Judge(victim, victim.Fault.Code == "P03" ? await KilledInTheMiddleAsync() : await BrokenBeforeAsync(), whole!));
            await victim.Host.RestartAsync();
        }

        return new(victim.Fault, "guard", victim.Streamed, calls);

        Task<Told> AskAsync(Action? hear) => caller.AskAsync(
            $"{server}/v1/chat/completions", victim.Lane.Name, victim.Streamed, new Dictionary<string, string> { ["Authorization"] = $"Bearer {victim.Key}" },
            CancellationToken.None, hear);

        Task<Told> BrokenBeforeAsync()
        {
            ((Action)(victim.Fault.Code == "P01" ? victim.Host.KillNow : victim.Host.Freeze))();
            return AskAsync(null);
        }

        async Task<Told> KilledInTheMiddleAsync()
        {
            var heard = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var asking = AskAsync(() => heard.TrySetResult());
            await (victim.Streamed ? Task.WhenAny(heard.Task, asking) : Task.Delay(MidAnswer, TimeProvider.System));
            victim.Host.KillNow();
            return await asking;
        }
    }

    // The real model answers the same words each time (temperature 0), as long as is allowed, so half an answer cannot hide.
    private static FaultCall Judge(Victim victim, Told told, Told whole)
    {
        var endedWell = told is { Status: 200, EndedWell: true, Error: null };
        var isWhole = endedWell && (told.IsComplete || (told.Text == whole.Text && told.Finish == whole.Finish));
        var mayEndInError = victim is { Fault.Code: "P03", Streamed: true } && told.Error is not null;
        var verdict = isWhole || (mayEndInError && told.Status == 200) ? FaultVerdict.Pass
            : endedWell || told is { Status: 0 } or { Error: null } ? FaultVerdict.Fail
            : FaultVerdict.Safe;
        return new(verdict, told, told.Took, 0, endedWell && !isWhole);
    }

    private sealed class Victim
    {
        public Victim(Fault fault, bool streamed, FaultField field)
        {
            (Fault, Streamed) = (fault, streamed);
            Host = new HostProcess(
                "ShopifyLlmGuard.Inference", Path.Combine(Programs.Root, "app", "ShopifyLlmGuard.Inference"),
                new Dictionary<string, string> { ["Inference__Model"] = Path.Combine(Programs.Root, "infra", "demo-model", "carewell-demo.gguf") },
                $"http://127.0.0.1:{Programs.FreePort()}");
            Lane = field.Add(fault with { Primary = "ok", Url = Host.Url }, $"{fault.Code}{(streamed ? "s" : "p")}");
        }

        public Fault Fault { get; }
        public bool Streamed { get; }
        public HostProcess Host { get; }
        public FaultLane Lane { get; }
        public string Key { get; set; } = "";
    }
}
