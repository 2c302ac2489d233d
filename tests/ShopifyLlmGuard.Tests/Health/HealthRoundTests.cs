using Microsoft.EntityFrameworkCore;
using ShopifyLlmGuard.Chat;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Flags;
using ShopifyLlmGuard.Health;
using ShopifyLlmGuard.Serving;
using ShopifyLlmGuard.Tests.Llm;

namespace ShopifyLlmGuard.Tests.Health;

public sealed class HealthRoundTests
{
    [Fact]
    public async Task A_dead_host_is_found_explained_remembered_and_forgiven_without_a_hand()
    {
        var llm = await ScriptedLlm.StartAsync();
        var url = llm.Url;
        await using var guard = await LlmGuard.StartAsync(llm);
        await RoundsAsync(guard, 1);
        Assert.Equal(Mode.Live, Read(guard).Mode);

        await llm.DisposeAsync();
        await RoundsAsync(guard, 2);
        Assert.Equal(Mode.Live, Read(guard).Mode);
        await RoundsAsync(guard, 1);
        var state = Read(guard);
        Assert.Equal((Mode.Fallback, Reasons.NoEligibleEndpoint), (state.Mode, state.Reason));
        Assert.Equal("Endpoint local-1 has not answered 3 probes in a row; last: connection refused.", state.Detail);
        await using (var ledger = guard.Db())
        {
            Assert.Equal(Features.All.Count, ledger.ServingChanges.Count(change => change.Reason == Reasons.NoEligibleEndpoint));
        }

        await using var back = await ScriptedLlm.StartAsync(url);
        await RoundsAsync(guard, 4);
        Assert.Equal(Mode.Fallback, Read(guard).Mode);
        await RoundsAsync(guard, 1);
        Assert.Equal(Mode.Live, Read(guard).Mode);
        await using var db = guard.Db();
        Assert.Equal([EndpointState.Down, EndpointState.Up], db.EndpointChanges.OrderBy(change => change.Id).Select(change => change.State));
    }

    [Fact]
    public async Task A_host_that_accepts_and_never_answers_is_down_after_three_rounds()
    {
        await using var llm = await ScriptedLlm.StartAsync();
        await using var guard = await LlmGuard.StartAsync(llm, ("Health:LivenessWithin", "00:00:00.2"));
        llm.Health = 0;
        await RoundsAsync(guard, 3);
        Assert.Equal(Reasons.NoEligibleEndpoint, Read(guard).Reason);
    }

    [Fact]
    public async Task A_model_that_is_stuck_behind_a_green_light_is_found()
    {
        await using var llm = await ScriptedLlm.StartAsync();
        await using var guard = await LlmGuard.StartAsync(llm, ("Health:ProbeWithin", "00:00:00.3"));
        llm.Hangs();
        await RoundsAsync(guard, 3);
        Assert.Equal(Reasons.NoEligibleEndpoint, Read(guard).Reason);
    }

    [Fact]
    public async Task What_an_outage_did_to_traffic_ends_with_the_outage()
    {
        var llm = await ScriptedLlm.StartAsync();
        var url = llm.Url;
        await using var guard = await LlmGuard.StartAsync(llm, ("Health:EnoughAttempts", "1"), ("Llm:Breaker:FirstBreak", "00:00:00.001"));
        await llm.DisposeAsync();
        await guard.Get<ChatAssistant>().AnswerAsync(Guard.Shop, new ChatQuestion("Which thermometer is for a baby?", []));
        await RoundsAsync(guard, 3);
        Assert.Equal(Reasons.NoEligibleEndpoint, Read(guard).Reason);

        await using var back = await ScriptedLlm.StartAsync(url);
        await RoundsAsync(guard, 5);
        Assert.Equal(Mode.Live, Read(guard).Mode);
        await RoundsAsync(guard, 1);
        Assert.Equal(Mode.Live, Read(guard).Mode);
    }

    [Fact]
    public async Task A_busy_host_is_neither_good_nor_bad()
    {
        await using var llm = await ScriptedLlm.StartAsync();
        await using var guard = await LlmGuard.StartAsync(llm);
        llm.Refuses(429, "1");
        await RoundsAsync(guard, 4);
        Assert.Equal(Mode.Live, Read(guard).Mode);
        await using var db = guard.Db();
        Assert.Empty(db.ProbeResults);
    }

    [Fact]
    public async Task A_probe_that_is_wrong_itself_takes_nobody_out_but_is_loud()
    {
        await using var llm = await ScriptedLlm.StartAsync();
        llm.Key = "right";
        await using var guard = await LlmGuard.StartAsync(llm, ("Llm:Endpoints:0:ApiKey", "wrong"));
        await RoundsAsync(guard, 6);
        Assert.Equal(Mode.Live, Read(guard).Mode);
        Assert.Equal(Finding.Unknown, guard.Get<HealthBoard>().Read().Single().Finding);
        Assert.Single(guard.Logs.All, line => line.Contains("cannot be probed", StringComparison.Ordinal) && line.Contains("401", StringComparison.Ordinal));
        await using var db = guard.Db();
        Assert.All(db.ProbeResults, probe => Assert.True(probe.IsOwnFault && probe.Stage == ProbeStage.Generation));
    }

    [Fact]
    public async Task A_probe_uses_the_key_of_every_call_and_knows_what_it_saw()
    {
        await using var llm = await ScriptedLlm.StartAsync();
        llm.Key = "right";
        llm.Metrics = () => "llamacpp:requests_processing 2\nllamacpp:n_decode_total 41\nllamacpp:kv_cache_usage_ratio 0.25\n";
        await using var guard = await LlmGuard.StartAsync(llm, ("Llm:Endpoints:0:ApiKey", "right"));
        Assert.Equal(Finding.Unknown, guard.Get<HealthBoard>().Read().Single().Finding);
        await RoundsAsync(guard, 1);
        Assert.Equal(Finding.Healthy, guard.Get<HealthBoard>().Read().Single().Finding);
        await using var db = guard.Db();
        var probe = db.ProbeResults.Single();
        Assert.Equal((true, ProbeStage.Generation, 2d, 41d, 0.25), (probe.Good, probe.Stage, probe.Running, probe.Computed, probe.KvUse));
    }

    [Fact]
    public async Task One_that_is_too_busy_for_a_probe_but_goes_on_computing_is_not_dead()
    {
        await using var llm = await ScriptedLlm.StartAsync();
        var steps = 0;
        llm.Metrics = () => $"vllm:num_requests_running 9\nvllm:generation_tokens_total {Interlocked.Increment(ref steps)}\n";
        llm.Hangs();
        await using var guard = await LlmGuard.StartAsync(llm, ("Health:ProbeWithin", "00:00:00.2"));
        await RoundsAsync(guard, 4);
        Assert.Equal(Mode.Live, Read(guard).Mode);
        llm.Metrics = () => $"vllm:num_requests_running 9\nvllm:generation_tokens_total 100\n";
        await RoundsAsync(guard, 3);
        Assert.Equal(Reasons.NoEligibleEndpoint, Read(guard).Reason);
    }

    [Fact]
    public async Task One_that_has_work_and_stands_still_is_judged_by_its_own_numbers_and_not_asked_for_a_token()
    {
        await using var llm = await ScriptedLlm.StartAsync();
        llm.Hangs();
        await using var guard = await LlmGuard.StartAsync(llm);
        llm.Metrics = () => "llm_running 1\nllm_busy_for_seconds 2\n";
        await RoundsAsync(guard, 1);
        Assert.Equal(Mode.Live, Read(guard).Mode);
        llm.Metrics = () => "llm_running 1\nllm_busy_for_seconds 3\n";
        await RoundsAsync(guard, 1);
        Assert.Equal(Reasons.NoEligibleEndpoint, Read(guard).Reason);
        Assert.Empty(llm.Requests);
    }

    [Fact]
    public async Task Old_probes_are_deleted_and_new_ones_kept()
    {
        await using var llm = await ScriptedLlm.StartAsync();
        await using var guard = await LlmGuard.StartAsync(llm);
        await using var db = guard.Db();
        var now = TimeProvider.System.GetUtcNow();
        db.ProbeResults.AddRange(((int[])[8, 6]).Select(days => new ProbeResult
        {
            Endpoint = "local-1", At = now.AddDays(-days), Good = true, Milliseconds = 1,
        }));
        await db.SaveChangesAsync();
        await RoundsAsync(guard, 1);
        Assert.Equal(2, db.ProbeResults.Count());
        Assert.All(db.ProbeResults, probe => Assert.True(probe.At > now.AddDays(-7)));
    }

    [Fact]
    public async Task A_tidy_that_fails_neither_stores_probes_twice_nor_looks_like_a_database_that_is_away()
    {
        await using var llm = await ScriptedLlm.StartAsync();
        await using var guard = await LlmGuard.StartAsync(llm);
        await using var db = guard.Db();
        db.ProbeResults.Add(new ProbeResult { Endpoint = "local-1", At = TimeProvider.System.GetUtcNow().AddDays(-8), Good = true, Milliseconds = 1 });
        await db.SaveChangesAsync();
        await db.Database.ExecuteSqlRawAsync(
            "CREATE FUNCTION guard.no_tidy() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not now'; END $$; "
            + "CREATE TRIGGER no_tidy BEFORE DELETE ON guard.probe_results FOR EACH ROW EXECUTE FUNCTION guard.no_tidy()");
        await RoundsAsync(guard, 3);
        Assert.Equal(4, await db.ProbeResults.CountAsync());
        Assert.Equal((false, false), (guard.Get<ProbeHistory>().IsAway, guard.Get<ProbeHistory>().HasNews));
    }

    [Fact]
    public async Task Rounds_of_two_servers_count_together()
    {
        await using var llm = await ScriptedLlm.StartAsync();
        var database = PostgresCluster.Shared.NewDatabase();
        (string, string?)[] endpoint = [("Llm:Endpoints:0:Id", "local-1"), ("Llm:Endpoints:0:Url", llm.Url),
            ("Llm:Endpoints:0:Region", "eu"), ("Llm:Endpoints:0:Jurisdiction", "EU"), ("Llm:Endpoints:0:Model", "m")];
        await using var one = await Guard.StartAsync(database, settings: endpoint);
        await using var two = await Guard.StartAsync(database, settings: endpoint);
        await one.InstallAsync(withProducts: false);
        llm.Health = 500;
        await RoundsAsync(one, 1);
        await RoundsAsync(two, 2);
        await Guard.UntilAsync(() => Read(one).Reason == Reasons.NoEligibleEndpoint, "the first server hears of it");
    }

    [Fact]
    public async Task Rounds_go_on_while_the_database_is_away_and_are_written_when_it_is_back()
    {
        using var cluster = new PostgresCluster();
        var llm = await ScriptedLlm.StartAsync();
        await using var guard = await Guard.StartAsync(cluster.NewDatabase() + ";Timeout=1", settings:
        [
            ("Llm:Endpoints:0:Id", "local-1"), ("Llm:Endpoints:0:Url", llm.Url), ("Llm:Endpoints:0:Region", "eu"),
            ("Llm:Endpoints:0:Jurisdiction", "EU"), ("Llm:Endpoints:0:Model", "m"), ("Health:Watch", "true"), ("Health:Every", "00:00:00.2"),
            ("Health:RecheckEvery", "00:00:00.1"), ("Health:ConfirmEvery", "00:00:00.05"), ("Health:Lease", "00:00:00.6"),
        ]);
        await guard.InstallAsync(withProducts: false);
        cluster.Kill();
        await llm.DisposeAsync();
        await Guard.UntilAsync(() => Read(guard).Reason == Reasons.NoEligibleEndpoint, "the watch finds the dead host without a database");
        cluster.Start();
        await Guard.UntilAsync(() => guard.Get<Snapshots>().DatabaseAnswers, "the database is found again");
        await Guard.UntilAsync(
            () =>
            {
                RoundsAsync(guard, 1).Wait();
                using var db = guard.Db();
                return db.ServingChanges.Any(change => change.Reason == Reasons.NoEligibleEndpoint);
            },
            "a round writes what was found");
        await using var db = guard.Db();
        Assert.Equal(EndpointState.Down, db.EndpointStandings.Single().State);
    }

    private static ServingState Read(Guard guard) =>
        guard.Get<ServingBoard>().Read(Guard.Shop).Single(state => state.Feature.Key == Features.Chat);

    private static async Task RoundsAsync(Guard guard, int count)
    {
        for (var round = 0; round < count; round++)
        {
            await guard.Get<HealthRound>().RunAsync();
        }
    }
}
