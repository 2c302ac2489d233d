using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using ShopifyLlmGuard.Chat;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Protections;
using ShopifyLlmGuard.Releases;
using ShopifyLlmGuard.Releases.Comparing;
using ShopifyLlmGuard.Releases.Golden;
using ShopifyLlmGuard.Tests.Llm;

namespace ShopifyLlmGuard.Tests.Releases;

/// <summary>Releases on a real guard with two hosts: one has the model of before, one the new one.</summary>
public sealed class ReleaseTests : IAsyncLifetime
{
    private const string Question = "Which blood pressure monitor is good for travel?";
    private static readonly ReleaseBundle Bundle = new()
    {
        Model = "new-model", Prompt = "Assist in {shop}.\n{products}", Limits = new() { MaxTokens = 40, Products = 2 },
        Sampling = new() { Temperature = 0.5f },
        Golden = [new() { Name = "names a product", Ask = "What travels well?", Products = [new("Wrist monitor", "Small")], Must = ["[1]"] }],
    };

    private ScriptedLlm old = null!;
    private ScriptedLlm fresh = null!;
    private Guard guard = null!;
    private int met;

    private ReleaseDesk Desk => guard.Get<ReleaseDesk>();

    public async Task InitializeAsync()
    {
        (old, fresh) = (await ScriptedLlm.StartAsync(), await ScriptedLlm.StartAsync());
        guard = await StartAsync(PostgresCluster.Shared.NewDatabase());
        await guard.InstallAsync();
        await guard.Get<ShopifyLlmGuard.Catalog.ProductCatalog>().SearchAsync(Guard.Shop, "warm", 1);
    }

    public async Task DisposeAsync()
    {
        await guard.DisposeAsync();
        await old.DisposeAsync();
        await fresh.DisposeAsync();
    }

    [Fact]
    public async Task A_release_that_fails_its_golden_prompts_serves_nobody()
    {
        Assert.Empty(await Desk.AddAsync("new", "chat", Bundle, "ada"));
        Assert.Contains("golden", await Desk.StartAsync("new", 50, false, "ada", "try"), StringComparison.Ordinal);
        fresh.Answers("I do not know.");
        var run = await guard.Get<GoldenGate>().RunAsync("new", "ada");
        Assert.Equal(("'[1]' is missing", "after"), Assert.Single(run!.Results.Select(result => (result.Problem, result.Endpoint))));
        Assert.Contains("golden", await Desk.StartAsync("new", 50, false, "ada", "try"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_candidate_answers_its_share_with_its_own_model_prompt_and_limits()
    {
        await StartCandidateAsync(50);
        var (asked, served) = (fresh.Requests.Count, await AskManyAsync(40));
        Assert.InRange(served, 8, 32);
        Assert.Equal(served, fresh.Requests.Count - asked);
        var request = fresh.Requests.Last();
        Assert.Equal("new-model", request.GetProperty("model").GetString());
        Assert.Equal(40, request.GetProperty("max_completion_tokens").GetInt32());
        Assert.Equal(0.5, request.GetProperty("temperature").GetDouble(), 3);
        var system = request.GetProperty("messages")[0].GetProperty("content").GetString()!;
        Assert.StartsWith("Assist in Carewell.\n[1] ", system, StringComparison.Ordinal);
        Assert.DoesNotContain("[3]", system, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_shop_whose_jurisdiction_has_no_host_for_the_candidate_keeps_the_stable_release()
    {
        await StartCandidateAsync(99);
        await using var db = guard.Db();
        await db.Database.ExecuteSqlAsync($"UPDATE guard.shops SET jurisdictions = ARRAY['CH']");
        await guard.Get<Snapshots>().RefreshAsync();
        var asked = fresh.Requests.Count;
        await AskManyAsync(30);
        Assert.Equal(asked, fresh.Requests.Count);
        Assert.Equal(RolloutStep.Started, (await Desk.HistoryAsync("chat"))[0].Step);
    }

    [Fact]
    public async Task A_candidate_that_goes_bad_is_rolled_back_by_itself_and_the_row_says_why()
    {
        await StartCandidateAsync(50);
        fresh.Refuses(500);
        await AskManyAsync(8);
        var bad = TimeProvider.System.GetUtcNow();
        await AskUntilAsync(async () => (await Desk.HistoryAsync("chat"))[0].Step == RolloutStep.RolledBack);
        var change = (await Desk.HistoryAsync("chat"))[0];
        Assert.Equal((ReleaseSignals.Errors, "release watch", null), (change.Signal, change.Actor, change.Candidate));
        await Guard.UntilAsync(() => Proof() is not null, "the protection is proven");
        Assert.InRange(Proof()!.Milliseconds, (change.At - bad).TotalMilliseconds, 60_000);
        ProtectionProof? Proof() => guard.Get<ProtectionProofs>().Read().FirstOrDefault(proof => proof.Protection == Protection.Rollback);
        Assert.Contains("predecessor 0 of", change.Reason, StringComparison.Ordinal);
        var asked = fresh.Requests.Count;
        Assert.Equal(0, await AskManyAsync(10));
        Assert.Equal(asked, fresh.Requests.Count);
        Assert.Contains("rolled back", await Desk.StartAsync("new", 5, false, "ada", "again"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_bad_candidate_is_withdrawn_although_the_database_cannot_take_it_and_rolled_back_when_it_can()
    {
        await StartCandidateAsync(50);
        await AskManyAsync(10);
        await using (var db = guard.Db())
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            await db.Database.ExecuteSqlAsync($"LOCK TABLE guard.rollout_changes IN SHARE MODE");
            fresh.Refuses(500);
            await AskUntilAsync(() => Task.FromResult(guard.Get<ReleaseBoard>().Read("chat").Candidate is null));
            var asked = fresh.Requests.Count;
            Assert.Equal(0, await AskManyAsync(10));
            Assert.Equal(asked, fresh.Requests.Count);
            Assert.Equal(RolloutStep.Started, guard.Get<Snapshots>().Current.Rollouts["chat"].Step);
        }

        await Guard.UntilAsync(() => guard.Get<Snapshots>().Current.Rollouts["chat"].Step == RolloutStep.RolledBack, "the rollback is a row");
    }

    [Fact]
    public async Task A_promoted_release_goes_back_in_one_step_and_the_one_before_is_warm()
    {
        await PromoteAsync();
        var (askedBefore, served) = (old.Requests.Count, await AskManyAsync(60));
        Assert.InRange(served, 40, 59);
        Assert.Equal(60 - served, old.Requests.Count - askedBefore);
        Assert.Equal(["before"], (await guard.Get<ReleaseReader>().ReadAsync("chat")).WarmAt);
        Assert.Null(await Desk.RollBackAsync("chat", "ada", "cold feet"));
        Assert.Equal(0, await AskManyAsync(10));
    }

    [Fact]
    public async Task An_outage_of_everything_right_after_a_promotion_does_not_roll_it_back()
    {
        await PromoteAsync();
        await AskManyAsync(30);
        old.Refuses(500);
        fresh.Refuses(500);
        await AskUntilAsync(async () => (await guard.Get<ReleaseReader>().ReadAsync("chat")).Compared!.Verdict.Stands.Any(stand => stand is { New.Bad: > 80, Old.Bad: > 0 }));
        await NewWatch().LookAsync(CancellationToken.None);
        Assert.Equal(RolloutStep.Promoted, (await Desk.HistoryAsync("chat"))[0].Step);
        Assert.Null((await guard.Get<ReleaseReader>().ReadAsync("chat")).Compared!.Verdict.Signal);
    }

    [Fact]
    public async Task A_promoted_release_that_goes_bad_while_its_predecessor_does_not_is_rolled_back()
    {
        await PromoteAsync();
        await AskManyAsync(12);
        fresh.Refuses(500);
        await AskUntilAsync(async () => (await Desk.HistoryAsync("chat"))[0].Step == RolloutStep.RolledBack);
        var change = (await Desk.HistoryAsync("chat"))[0];
        Assert.Equal((ReleaseSignals.Errors, "old"), (change.Signal, change.Stable));
    }

    [Fact]
    public async Task An_automatic_rollout_widens_step_by_step_and_is_promoted()
    {
        await StartCandidateAsync(20, automatic: true);
        await AskUntilAsync(async () => (await Desk.HistoryAsync("chat"))[0].Step == RolloutStep.Promoted);
        Assert.Equal([100, 60, 20], (await Desk.HistoryAsync("chat", 3)).Select(change => change.Step == RolloutStep.Promoted ? 100 : change.Percent));
    }

    [Fact]
    public async Task Two_servers_roll_back_once()
    {
        await StartCandidateAsync(50);
        await using var second = await StartAsync(guard.Get<Microsoft.Extensions.Configuration.IConfiguration>()["ConnectionStrings:Guard"]!);
        fresh.Refuses(500);
        await AskUntilAsync(async () => (await Desk.HistoryAsync("chat"))[0].Step == RolloutStep.RolledBack, second);
        foreach (var server in (Guard[])[guard, second])
        {
            await Guard.UntilAsync(() => server.Get<Snapshots>().Current.Rollouts["chat"].Step == RolloutStep.RolledBack, "every server knows");
            await NewWatch(server).LookAsync(CancellationToken.None);
        }

        Assert.Equal([RolloutStep.RolledBack, RolloutStep.Started], (await Desk.HistoryAsync("chat", 2)).Select(change => change.Step));
    }

    [Fact]
    public async Task The_evidence_names_the_release()
    {
        await StartCandidateAsync(99);
        await AskManyAsync(3);
        await Guard.UntilAsync(() => guard.Db().Attempts.Any(attempt => attempt.Shop == Guard.Shop && attempt.Release == "new"), "a record names it");
        Assert.Empty((await guard.Get<ShopifyLlmGuard.Compliance.EvidenceDesk>().VerifyAsync(Guard.Shop)).Problems);
    }

    private async Task PromoteAsync()
    {
        await StartCandidateAsync(50);
        Assert.Null(await Desk.WidenAsync("chat", 100, "ada", "good"));
    }

    private ReleaseWatch NewWatch(Guard? where = null) => ActivatorUtilities.CreateInstance<ReleaseWatch>((where ?? guard).Get<IServiceProvider>());

    private Task<Guard> StartAsync(string database) => Guard.StartAsync(database, settings:
    [
        ("Llm:Endpoints:0:Id", "before"), ("Llm:Endpoints:0:Url", old.Url), ("Llm:Endpoints:0:Region", "eu-test"),
        ("Llm:Endpoints:0:Jurisdiction", "CH"), ("Llm:Endpoints:0:Model", "old-model"),
        ("Llm:Endpoints:1:Id", "after"), ("Llm:Endpoints:1:Url", fresh.Url), ("Llm:Endpoints:1:Region", "eu-test"),
        ("Llm:Endpoints:1:Jurisdiction", "EU"), ("Llm:Endpoints:1:Model", "new-model"),
        ("Releases:CheckEvery", "00:00:00.2"), ("Releases:EnoughAnswers", "5"), ("Releases:StepAfter", "00:00:01"),
        ("Releases:Steps:0", "20"), ("Releases:Steps:1", "60"), ("Releases:Steps:2", "100"),
        // The same answer for every visitor would wait for one breaker; here the release is on trial, not the host.
        ("Llm:Breaker:ConsecutiveFailures", "1000"), ("Llm:Breaker:MinimumCalls", "100000"), ("Llm:Bulkhead:PerShop", "64"), ("Llm:Bulkhead:PerFeature", "64"),
    ]);

    private async Task StartCandidateAsync(int percent, bool automatic = false)
    {
        await using (var db = guard.Db())
        {
            await db.Database.ExecuteSqlAsync($"UPDATE guard.shops SET jurisdictions = ARRAY['EU', 'CH']");
        }

        await guard.Get<Snapshots>().RefreshAsync();
        Assert.Empty(await Desk.AddAsync("old", "chat", Bundle with { Model = "old-model", Prompt = null }, "ada"));
        Assert.Empty(await Desk.AddAsync("new", "chat", Bundle, "ada"));
        foreach (var release in (string[])["old", "new"])
        {
            Assert.True((await guard.Get<GoldenGate>().RunAsync(release, "ada"))!.Passed);
        }

        Assert.Null(await Desk.StartAsync("old", 50, false, "ada", "the one of before"));
        Assert.Null(await Desk.WidenAsync("chat", 100, "ada", "the one of before"));
        Assert.Null(await Desk.StartAsync("new", percent, automatic, "ada", "try it"));
    }

    /// <summary>How many of so many visitors the new release answered.</summary>
    private async Task<int> AskManyAsync(int visitors, Guard? where = null)
    {
        var served = 0;
        foreach (var few in Enumerable.Range(0, visitors).Chunk(6))
        {
            var answers = await Task.WhenAll(few.Select(_ => AskAsync($"visitor {Interlocked.Increment(ref met)}", where ?? guard)));
            served += answers.Count(answer => answer.Release == "new");
        }

        return served;
    }

    private static Task<Answer> AskAsync(string visitor, Guard where) =>
        where.Get<ChatAssistant>().AnswerAsync(Guard.Shop, new ChatQuestion(Question, []) { Visitor = visitor });

    private async Task AskUntilAsync(Func<Task<bool>> isSo, params Guard[] others)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(40));
        while (!await isSo())
        {
            Assert.False(limit.IsCancellationRequested, "Asked for 40 s in vain.");
            foreach (var where in others.Append(guard))
            {
                await AskManyAsync(6, where);
            }
        }
    }
}
