using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Flags;
using ShopifyLlmGuard.Health;
using ShopifyLlmGuard.Llm.Endpoints;
using ShopifyLlmGuard.Serving;
using ShopifyLlmGuard.Tests.Llm;

namespace ShopifyLlmGuard.Tests.Health;

/// <summary>The watch alone, without any schedule.</summary>
public sealed class HealthWatchTests
{
    private static readonly (string, string?)[] Often = 
    [
        ("Health:Watch", "true"), ("Health:Every", "00:00:00.2"), ("Health:LookEvery", "00:00:00.1"), ("Health:RecheckEvery", "00:00:00.1"),
        ("Health:ConfirmEvery", "00:00:00.05"), ("Health:Lease", "00:00:00.6"),
    ];

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
            [.. Endpoint(0, "well", llm.Url), .. Endpoint(1, "dead", "http://127.0.0.1:9"), .. Often, ("Health:Every", "00:05:00"), ("Health:FailuresToDown", "1")]);
        var history = guard.Get<ProbeHistory>();
        await Guard.UntilAsync(() => history.Recent("dead").Count >= 12 && !history.HasNews, "the dead one is asked again and again");
        Assert.Single(llm.Requests);

        // What only repeats is not stored each time.
        await using var db = guard.Db();
        Assert.InRange(db.ProbeResults.Count(probe => probe.Endpoint == "dead"), 1, 7);
    }

    [Fact]
    public async Task A_round_waits_only_once_for_a_database_that_is_away()
    {
        MoodyDatabases databases = null!;
        await using var guard = await Guard.StartAsync(
            services: services => services.AddSingleton<IDbContextFactory<GuardDb>>(provider =>
                databases = new(provider.GetRequiredService<DbContextOptions<GuardDb>>())),
            settings: [.. Endpoint(0, "one", "http://127.0.0.1:9"), .. Endpoint(1, "two", "http://127.0.0.1:9"), ("Health:FailuresToDown", "1")]);
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

    [Theory]
    [InlineData("vllm:num_requests_running 1\nvllm:generation_tokens_total 70\n", "vllm:num_requests_running 0\nvllm:generation_tokens_total 71\n")]
    [InlineData("llm_running 1\nllm_busy_for_seconds 30\nllm_last_token_age_seconds 29\n", "llm_running 0\nllm_busy_for_seconds 0\nllm_last_token_age_seconds 31\n")]
    public async Task A_host_that_is_busy_and_computes_nothing_is_out_of_rotation_behind_a_green_light(string wedged, string idle)
    {
        await using var llm = await ScriptedLlm.StartAsync();
        llm.Metrics = () => idle;
        await using var guard = await LlmGuard.StartAsync(llm, [.. Often, ("Health:StalledAfter", "00:00:00.5")]);
        await Guard.UntilAsync(() => guard.Get<HealthBoard>().Read().Single().Finding == Finding.Healthy, "it is well");
        Assert.Equal(Mode.Live, Read(guard).Mode);

        llm.Metrics = () => wedged;
        await Guard.UntilAsync(() => Read(guard).Reason == Reasons.NoEligibleEndpoint, "the standstill is found");
        Assert.Contains("has computed nothing for", Read(guard).Detail, StringComparison.Ordinal);
        llm.Metrics = () => idle;
        await Guard.UntilAsync(() => Read(guard).Mode == Mode.Live, "it is forgiven");
    }

    [Fact]
    public async Task Good_probes_in_a_row_end_every_break_of_the_breaker()
    {
        var llm = await ScriptedLlm.StartAsync();
        var url = llm.Url;
        await using var guard = await LlmGuard.StartAsync(llm, [.. Often, ("Llm:Breaker:FirstBreak", "00:10:00"), ("Llm:Breaker:LongestBreak", "00:10:00")]);
        var breaker = guard.Get<EndpointLanes>().All.Single().Breaker;
        await llm.DisposeAsync();
        await Guard.UntilAsync(() => Read(guard).Reason == Reasons.NoEligibleEndpoint && breaker.State == BreakerState.Open, "it is down and its breaker open");
        await using var back = await ScriptedLlm.StartAsync(url);
        await Guard.UntilAsync(() => Read(guard).Mode == Mode.Live && breaker.State == BreakerState.Closed, "both forgive");
    }

    [Fact]
    public async Task A_host_that_is_gone_is_not_asked_for_tokens_until_it_is_back()
    {
        await using var llm = await ScriptedLlm.StartAsync();
        await using var guard = await LlmGuard.StartAsync(llm, [.. Often, ("Health:Every", "00:05:00")]);
        var history = guard.Get<ProbeHistory>();
        await Guard.UntilAsync(() => history.Recent("local-1").Any(probe => probe.Good), "it is well");
        llm.Health = 503;
        await Guard.UntilAsync(() => history.Recent("local-1").Count(probe => !probe.Good) >= 12, "it is knocked at");
        Assert.Single(llm.Requests);
        llm.Health = 200;
        await Guard.UntilAsync(() => Read(guard).Mode == Mode.Live, "it is back");
        Assert.Equal(1 + 5, llm.Requests.Count);
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
