using ShopifyLlmGuard.Health;
using ShopifyLlmGuard.Health.Leases;
using ShopifyLlmGuard.Tests.Llm;

namespace ShopifyLlmGuard.Tests.Health;

/// <summary>One server looks after an endpoint, for all of them.</summary>
public sealed class ProbeLeaseTests
{
    private static readonly (string, string?)[] Often =
    [
        ("Health:Watch", "true"), ("Health:Every", "00:00:00.2"), ("Health:LookEvery", "00:00:00.1"), ("Health:RecheckEvery", "00:00:00.1"),
        ("Health:Lease", "00:00:02"),
    ];

    [Fact]
    public async Task A_killed_holder_is_replaced_and_until_then_nobody_else_looks()
    {
        await using var llm = await ScriptedLlm.StartAsync();
        (string, string?)[] settings =
            [("ConnectionStrings:Guard", PostgresCluster.Shared.NewDatabase()), .. Endpoint(0, "one", llm.Url), .. Endpoint(1, "two", llm.Url), .. Often];
        using var first = new ServerProcess(settings);
        await using var second = await Guard.StartAsync(settings: [.. settings, ("Health:Watch", "false")]);
        await using var db = second.Db();
        await Guard.UntilAsync(() => db.ProbeLeases.Count() == 2 && db.ProbeResults.Count() >= 4, "the first server looks after both", seconds: 90);

        await using var third = await Guard.StartAsync(settings: settings);
        var own = third.Get<ProbeLeases>().Holder;
        await Guard.UntilAsync(() => third.Get<HealthBoard>().Read().All(endpoint => endpoint.Finding == Finding.Healthy), "the new server hears of both");
        var seen = db.ProbeResults.Count();
        await Guard.UntilAsync(() => db.ProbeResults.Count() >= seen + 10, "the first one goes on");
        Assert.Single(db.ProbeResults.Select(probe => probe.Prober).Distinct());
        Assert.DoesNotContain(db.ProbeResults, probe => probe.Prober == own);

        first.Kill();
        await Guard.UntilAsync(() => db.ProbeResults.Where(probe => probe.Prober == own).Select(probe => probe.Endpoint).Distinct().Count() == 2, "the other takes over both");
        var replaced = db.ProbeResults.Where(probe => probe.Prober == own).Min(probe => probe.At) - db.ProbeResults.Where(probe => probe.Prober != own).Max(probe => probe.At);
        Assert.True(replaced > TimeSpan.FromSeconds(0.5), $"It looked {replaced.TotalSeconds:0.0} s after the first one, which held a lease of two seconds.");
    }

    [Fact]
    public async Task One_that_stops_gives_back_what_it_holds()
    {
        await using var llm = await ScriptedLlm.StartAsync();
        (string, string?)[] settings = [.. Endpoint(0, "one", llm.Url), .. Often, ("Health:Lease", "00:05:00")];
        var database = PostgresCluster.Shared.NewDatabase();
        var first = await Guard.StartAsync(database, settings: settings);
        await Guard.UntilAsync(() => first.Get<ProbeLeases>().Holds("one"), "the first holds it");
        await using var second = await Guard.StartAsync(database, settings: [.. settings, ("Health:Watch", "false")]);
        await second.Get<ProbeLeases>().ClaimAsync(default);
        Assert.False(second.Get<ProbeLeases>().Holds("one"));

        await first.DisposeAsync();
        await second.Get<ProbeLeases>().ClaimAsync(default);
        Assert.True(second.Get<ProbeLeases>().Holds("one"));
    }

    [Fact]
    public async Task A_server_that_cannot_ask_the_database_looks_for_itself()
    {
        using var cluster = new PostgresCluster();
        await using var llm = await ScriptedLlm.StartAsync();
        var database = cluster.NewDatabase() + ";Timeout=1";
        (string, string?)[] settings = [.. Endpoint(0, "one", llm.Url), .. Often, ("Health:Lease", "00:00:00.6")];
        await using var first = await Guard.StartAsync(database, settings: settings);
        await Guard.UntilAsync(() => first.Get<ProbeLeases>().Holds("one"), "the first holds it");
        await using var second = await Guard.StartAsync(database, settings: settings);
        await Guard.UntilAsync(() => second.Get<HealthBoard>().Read().Single().Finding == Finding.Healthy, "the second hears of it");
        Assert.False(second.Get<ProbeLeases>().Holds("one"));

        cluster.Freeze();
        await Guard.UntilAsync(() => first.Get<ProbeLeases>().Holds("one") && second.Get<ProbeLeases>().Holds("one"), "both look for themselves");
        llm.Health = 500;
        await Guard.UntilAsync(
            () => new[] { first, second }.All(guard => guard.Get<HealthBoard>().Read().Single().State == EndpointState.Down), "both find it dead");
        cluster.Thaw();
        await Guard.UntilAsync(() => first.Get<ProbeLeases>().Holds("one") != second.Get<ProbeLeases>().Holds("one"), "one of them looks again");
    }

    private static (string, string?)[] Endpoint(int index, string id, string url) =>
    [
        ($"Llm:Endpoints:{index}:Id", id), ($"Llm:Endpoints:{index}:Url", url), ($"Llm:Endpoints:{index}:Region", "eu-test"),
        ($"Llm:Endpoints:{index}:Jurisdiction", "EU"), ($"Llm:Endpoints:{index}:Model", "scripted"),
    ];
}
