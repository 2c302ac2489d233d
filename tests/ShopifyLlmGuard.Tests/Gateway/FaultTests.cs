using ShopifyLlmGuard.Tests.Faults;
using Xunit.Abstractions;

namespace ShopifyLlmGuard.Tests.Gateway;

/// <summary>Every fault, plain and streamed, side by side through the front door. The benchmark <c>faults</c> is the long form.</summary>
public sealed class FaultTests(ITestOutputHelper output) : IAsyncLifetime
{
    // The budget is wide here, so that a busy machine changes no verdict; the benchmark measures against the real one.
    private static readonly TimeSpan NoEnd = TimeSpan.FromSeconds(40);
    private readonly FaultField field = new();
    private readonly Dictionary<FaultLane, (bool Streamed, string Key)> calls = [];
    private GatewayApp app = null!;
    private FaultLane load = null!;
    private string loadKey = "";

    public async Task InitializeAsync()
    {
        var lanes = Fault.All.SelectMany(fault => (IEnumerable<(FaultLane, bool)>)[(field.Add(fault, $"{fault.Code}-plain"), false), (field.Add(fault, $"{fault.Code}-streamed"), true)]).ToList();
        load = field.Add(new("L", "healthy traffic", "ok"), "load");

        // So many first failures at the same time look like a disaster, in which retries must stop; here each stands for itself.
        app = await new GatewayApp(field).StartAsync(
            ("Llm:Bulkhead:PerFeature", "200"), ("Llm:Bulkhead:PerShop", "100"), ("Llm:RetryShare", "1"), ("Llm:HedgeShare", "0.5"),
            ("Time:Promise", "00:00:30"), ("Time:Chat", "00:00:20"),
            ("Time:Connect", "00:00:02"), ("Time:FirstToken", "00:00:05"), ("Time:TokenGap", "00:00:04"), ("Time:DripAfter", "00:00:04"),
            ("Time:Recommendations", "00:00:10"));
        loadKey = await app.KeyAsync(load.Jurisdiction);
        foreach (var (lane, streamed) in lanes)
        {
            calls[lane] = (streamed, await app.KeyAsync(lane.Jurisdiction));
        }
    }

    public async Task DisposeAsync() => await app.DisposeAsync();

    [Fact]
    public async Task No_fault_of_an_endpoint_gives_half_an_answer_or_none_where_another_endpoint_can_answer()
    {
        using var enough = new CancellationTokenSource();
        var traffic = HealthyTrafficAsync(enough.Token);
        var results = await Task.WhenAll(calls.Select(async (call, index) =>
        {
            // Not all at the same instant: this is about faults, not about a stampede on two cores.
            await Task.Delay(TimeSpan.FromMilliseconds(50 * index), TimeProvider.System);
            return await JudgeAsync(call.Key, call.Value.Streamed, call.Value.Key);
        }));
        await enough.CancelAsync();
        var healthy = await traffic;
        foreach (var (lane, verdict, told) in results)
        {
            output.WriteLine($"{verdict,-8} {lane.Name,-14} {lane.Fault.What,-48} {told}");
        }

        Assert.All(healthy, answer => Assert.True(answer?.IsComplete, $"healthy traffic: {answer}"));
        Assert.DoesNotContain(field.Llm.Requests, seen => seen.Caller is not null && !seen.Model.Contains($".{seen.Caller}-", StringComparison.Ordinal));
        Assert.All(
            results.Where(result => result.Lane.Fault is { Way: Way.Open, WholeRegion: false }),
            result => Assert.NotEmpty(field.Llm.AttemptsAt(result.Lane.Primary)));
        Assert.All(results, result => Assert.True(result.Verdict == FaultVerdict.Pass, $"{result.Lane.Name} {result.Lane.Fault.What}: {result.Verdict}, {result.Told}"));
    }

    private async Task<IReadOnlyList<Told?>> HealthyTrafficAsync(CancellationToken until)
    {
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        var answers = new List<Task<Told?>>();
        while (!until.IsCancellationRequested)
        {
            answers.Add(AskAsync(load, answers.Count % 2 == 0, loadKey));
            await ticks.WaitForNextTickAsync(CancellationToken.None);
        }

        return await Task.WhenAll(answers);
    }

    private async Task<(FaultLane Lane, string Verdict, Told? Told)> JudgeAsync(FaultLane lane, bool streamed, string key)
    {
        var told = await AskAsync(lane, streamed, key);
        return (lane, FaultVerdict.Of(lane, told, field.Llm.AttemptsAt(lane.Primary), field.Llm.AttemptsAt(lane.Secondary).Count), told);
    }

    private async Task<Told?> AskAsync(FaultLane lane, bool streamed, string key)
    {
        using var limit = new CancellationTokenSource(NoEnd, TimeProvider.System);
        try
        {
            return await new FaultCaller(app.Client).AskAsync(
                $"{app.Url}/v1/chat/completions", lane.Name, streamed, new Dictionary<string, string> { ["Authorization"] = $"Bearer {key}" }, limit.Token);
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }
}
