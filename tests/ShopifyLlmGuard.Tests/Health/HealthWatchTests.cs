using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Flags;
using ShopifyLlmGuard.Health;
using ShopifyLlmGuard.Serving;
using ShopifyLlmGuard.Tests.Llm;

namespace ShopifyLlmGuard.Tests.Health;

/// <summary>The watch alone, without any schedule.</summary>
public sealed class HealthWatchTests
{
    private static readonly (string, string?)[] Often = [("Health:Every", "00:00:00.2"), ("Health:RecheckEvery", "00:00:00.1")];

    [Fact]
    public async Task A_dead_host_is_found_and_its_return_noticed()
    {
        var llm = await ScriptedLlm.StartAsync();
        var url = llm.Url;
        await using var guard = await LlmGuard.StartAsync(llm, Often);
        await llm.DisposeAsync();
        await Guard.UntilAsync(() => Read(guard).Reason == Reasons.NoEligibleEndpoint, "the watch finds the dead host");
        await using var back = await ScriptedLlm.StartAsync(url);
        await Guard.UntilAsync(() => Read(guard).Mode == Mode.Live, "the watch finds it again");
    }

    [Fact]
    public async Task A_round_that_fails_as_nobody_foresaw_is_not_the_last_one()
    {
        await using var llm = await ScriptedLlm.StartAsync();
        MoodyDatabases databases = null!;
        await using var guard = await Guard.StartAsync(
            services: services => services.AddSingleton<IDbContextFactory<GuardDb>>(provider =>
                databases = new(provider.GetRequiredService<DbContextOptions<GuardDb>>())),
            settings: [("Llm:Endpoints:0:Id", "local-1"), ("Llm:Endpoints:0:Url", llm.Url), ("Llm:Endpoints:0:Region", "eu-test"),
                ("Llm:Endpoints:0:Jurisdiction", "EU"), ("Llm:Endpoints:0:Model", "scripted"), .. Often]);
        await guard.InstallAsync(withProducts: false);
        databases.IsMoody = true;
        await Guard.UntilAsync(() => guard.Logs.All.Any(line => line.Contains("A health round failed", StringComparison.Ordinal)), "a round fails");

        databases.IsMoody = false;
        await llm.DisposeAsync();
        await Guard.UntilAsync(() => Read(guard).Reason == Reasons.NoEligibleEndpoint, "the watch goes on");
    }

    [Fact]
    public async Task While_one_endpoint_is_down_those_that_are_up_are_not_asked_more_often()
    {
        await using var llm = await ScriptedLlm.StartAsync();
        await using var guard = await Guard.StartAsync(settings:
            [.. Endpoint(0, "well", llm.Url), .. Endpoint(1, "dead", "http://127.0.0.1:9"), ("Health:Every", "00:05:00"), ("Health:RecheckEvery", "00:00:00.1"), ("Health:FailuresToDown", "1")]);
        await using var db = guard.Db();
        await Guard.UntilAsync(() => db.ProbeResults.Count(probe => probe.Endpoint == "dead") >= 6, "the dead one is asked again and again");
        Assert.Equal(1, db.ProbeResults.Count(probe => probe.Endpoint == "well"));
    }

    [Fact]
    public async Task A_round_waits_only_once_for_a_database_that_is_away()
    {
        MoodyDatabases databases = null!;
        await using var guard = await Guard.StartAsync(
            services: services => services.AddSingleton<IDbContextFactory<GuardDb>>(provider =>
                databases = new(provider.GetRequiredService<DbContextOptions<GuardDb>>())),
            settings: [.. Endpoint(0, "one", "http://127.0.0.1:9"), .. Endpoint(1, "two", "http://127.0.0.1:9"), ("Health:FailuresToDown", "1"), ("Health:RecheckEvery", "00:05:00")]);
        databases.IsAway = true;
        var asked = databases.Count();
        await guard.Get<HealthRound>().RunAsync();
        Assert.Equal(1, asked.Value);
        Assert.All(guard.Get<HealthBoard>().Read(), endpoint => Assert.Equal(EndpointState.Down, endpoint.State));

        databases.IsAway = false;
        await guard.Get<HealthRound>().RunAsync();
        await using var db = guard.Db();
        Assert.Equal(2, db.EndpointStandings.Count(standing => standing.State == EndpointState.Down));
    }

    private static (string, string?)[] Endpoint(int index, string id, string url) =>
    [
        ($"Llm:Endpoints:{index}:Id", id), ($"Llm:Endpoints:{index}:Url", url), ($"Llm:Endpoints:{index}:Region", "eu-test"),
        ($"Llm:Endpoints:{index}:Jurisdiction", "EU"), ($"Llm:Endpoints:{index}:Model", "scripted"),
    ];

    private static ServingState Read(Guard guard) =>
        guard.Get<ServingBoard>().Read(Guard.Shop).Single(state => state.Feature.Key == Features.Chat);

    private sealed class MoodyDatabases(DbContextOptions<GuardDb> options) : IDbContextFactory<GuardDb>
    {
        public volatile bool IsMoody;
        public volatile bool IsAway;
        private readonly AsyncLocal<StrongBox<int>?> asked = new();

        /// <summary>Counts what the caller asks from now on, but nobody else.</summary>
        public StrongBox<int> Count() => asked.Value = new StrongBox<int>();

        public GuardDb CreateDbContext()
        {
            if (asked.Value is { } count)
            {
                count.Value++;
            }

            return IsMoody ? throw new NotSupportedException("A mood that no filter names.")
                : IsAway ? throw new InvalidOperationException("Away.") : new GuardDb(options);
        }
    }
}
