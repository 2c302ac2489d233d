using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Chat;
using ShopifyLlmGuard.Compliance;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Llm;
using ShopifyLlmGuard.Privacy;
using ShopifyLlmGuard.Shops;
using ShopifyLlmGuard.Tests.Llm;

namespace ShopifyLlmGuard.Tests.Compliance;

public sealed class EvidenceTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);
    private static readonly EvidenceKeys Keys = new(new byte[32]);

    public static TheoryData<string, string, long> Forgeries { get; } = new()
    {
        { "endpoint", EvidenceCheck.Changed, 3 },
        { "jurisdiction", EvidenceCheck.Changed, 3 },
        { "outcome", EvidenceCheck.Changed, 3 },
        { "time", EvidenceCheck.Changed, 3 },
        { "basis emptied", EvidenceCheck.Changed, 3 },
        { "seal taken off", EvidenceCheck.Unsealed, 3 },
        { "removed", EvidenceCheck.Missing, 4 },
        { "first removed", EvidenceCheck.Missing, 2 },
        { "last removed", EvidenceCheck.Missing, 5 },
        { "all removed", EvidenceCheck.Missing, 5 },
        { "numbers swapped", EvidenceCheck.Changed, 3 },
        { "removed and renumbered", EvidenceCheck.Changed, 3 },
        { "taken from another chain", EvidenceCheck.Changed, 3 },
        { "sealed with another key", EvidenceCheck.Changed, 3 },
        { "resealed after a forged one", EvidenceCheck.Reordered, 4 },
        { "head moved back", EvidenceCheck.HeadChanged, 4 },
        { "all removed and head made old", EvidenceCheck.HeadChanged, 5 },
        { "head removed", EvidenceCheck.HeadMissing, 5 },
    };

    [Theory]
    [MemberData(nameof(Forgeries))]
    public void A_changed_removed_or_reordered_record_is_found(string what, string kind, long at)
    {
        var (records, head) = Chain(Keys, 5);
        Assert.Empty(Problems(records, head));
        (records, head) = Forge(what, records, head);
        var problems = Problems(records, head).ToList();
        Assert.Contains(problems, problem => (problem.Kind, problem.Sequence) == (kind, at));
    }

    [Fact]
    public void Records_that_were_deleted_because_they_are_old_leave_the_rest_sound()
    {
        var (records, head) = Chain(Keys, 5);
        Assert.Empty(Walk(records[2..], head, Keys, Start.AddMinutes(1.5)));
        Assert.NotEmpty(Walk(records[2..], head, Keys, Start.AddMinutes(0.5)));
        Assert.Empty(Walk([], head, Keys, Start.AddDays(1)));
    }

    [Fact]
    public void A_change_of_keys_leaves_old_records_sound()
    {
        var (records, head) = Chain(Keys, 3);
        Assert.Empty(Walk(records, head, new EvidenceKeys([.. Enumerable.Repeat((byte)7, 32)], new byte[32]), Start));
        Assert.NotEmpty(Walk(records, head, new EvidenceKeys([.. Enumerable.Repeat((byte)7, 32)]), Start));
    }

    [Fact]
    public async Task Two_servers_write_sound_evidence_at_once_and_a_forged_row_is_found()
    {
        await using var llm = await ScriptedLlm.StartAsync();
        var database = PostgresCluster.Shared.NewDatabase();
        await using var one = await StartAsync(llm, database);
        await using var two = await StartAsync(llm, database);
        await one.InstallAsync();
        await two.Get<Snapshots>().RefreshAsync();
        for (var round = 0; round < 4; round++)
        {
            // A shop has four places, and one call may be slow: fewer at once, so that none is turned away.
            await Task.WhenAll(Enumerable.Range(0, 3).SelectMany(_ => (Task[])[AskAsync(one), AskAsync(two)]));
        }

        await using var db = one.Db();
        await Guard.UntilAsync(() => db.Attempts.Count(record => record.Seal != null) >= 24, "all records are stored");
        var report = await one.Get<EvidenceDesk>().VerifyAsync(Guard.Shop);
        Assert.Equal(2, report.Chains);
        Assert.Empty(report.Problems);
        Assert.True(report.Records >= 24);

        await db.Database.ExecuteSqlAsync($"UPDATE guard.attempts SET jurisdiction = 'US' WHERE sequence = 2");
        Assert.Equal(2, (await two.Get<EvidenceDesk>().VerifyAsync()).Problems.Count(problem => problem.Kind == EvidenceCheck.Changed));
    }

    [Fact]
    public async Task Evidence_survives_a_database_that_was_away_and_a_shop_that_was_deleted()
    {
        using var cluster = new PostgresCluster();
        await using var llm = await ScriptedLlm.StartAsync();
        await using var guard = await StartAsync(llm, cluster.NewDatabase() + ";Timeout=1");
        await guard.InstallAsync();
        await AskAsync(guard);
        await Guard.UntilAsync(() => Count(guard) >= 1, "the first record is stored");
        cluster.Kill();
        await AskAsync(guard);
        cluster.Start();
        await Guard.UntilAsync(() => Count(guard) >= 2, "the record that had to wait is stored");
        Assert.Empty((await guard.Get<EvidenceDesk>().VerifyAsync()).Problems);

        await guard.Get<ShopRegistry>().UninstallAsync(Guard.Shop, TimeProvider.System.GetUtcNow().AddMinutes(1));
        Assert.True(await guard.Get<PrivacyDesk>().RedactShopAsync(Guard.Shop));
        Assert.Equal(0, (await guard.Get<EvidenceDesk>().VerifyAsync()).Records);
        await guard.InstallAsync();
        await AskAsync(guard);
        await Guard.UntilAsync(() => Count(guard) >= 1, "the shop that is back has a new chain");
        Assert.Empty((await guard.Get<EvidenceDesk>().VerifyAsync()).Problems);
    }

    [Fact]
    public void Keys_of_several_changes_ago_still_verify_also_when_they_were_derived()
    {
        var (first, second) = (Convert.ToBase64String([.. Enumerable.Repeat((byte)1, 32)]), Convert.ToBase64String([.. Enumerable.Repeat((byte)2, 32)]));
        var sealed1 = Chain(KeysOf(null, first), 2);
        var sealed2 = Chain(KeysOf(second, first), 2);
        var now = KeysOf(Convert.ToBase64String(new byte[32]), Convert.ToBase64String(new byte[32]), second, first);
        Assert.Empty(Walk(sealed1.Records, sealed1.Head, now, Start));
        Assert.Empty(Walk(sealed2.Records, sealed2.Head, now, Start));
        Assert.NotEmpty(Walk(sealed1.Records, sealed1.Head, KeysOf(second, Convert.ToBase64String(new byte[32])), Start));
    }

    [Fact]
    public async Task A_receipt_finds_a_chain_that_is_gone_or_was_cut_and_excuses_what_a_redaction_deleted()
    {
        await using var llm = await ScriptedLlm.StartAsync();
        await using var guard = await StartAsync(llm, PostgresCluster.Shared.NewDatabase());
        await guard.InstallAsync();
        await AskAsync(guard);
        await Guard.UntilAsync(() => Count(guard) == 1, "the first record is stored");
        await using var db = guard.Db();
        var head = db.EvidenceHeads.AsNoTracking().Single();
        var old = await ReceiptsAsync(guard);
        await AskAsync(guard);
        await Guard.UntilAsync(() => Count(guard) == 2, "the second record is stored");
        var receipts = await ReceiptsAsync(guard);
        var desk = guard.Get<EvidenceDesk>();
        Assert.Empty((await desk.VerifyAsync(receipts: [.. old, .. receipts])).Problems);
        Assert.Equal([EvidenceCheck.ReceiptChanged, EvidenceCheck.ReceiptChanged],
            (await desk.VerifyAsync(receipts: ["nonsense", receipts[0].Replace("\t2\t", "\t1\t", StringComparison.Ordinal)])).Problems.Select(problem => problem.Kind));

        await db.Attempts.Where(record => record.Sequence == 2).ExecuteDeleteAsync();
        await db.Database.ExecuteSqlAsync($"UPDATE guard.evidence_heads SET sequence = {head.Sequence}, last_seal = {head.LastSeal}, at = {head.At}, seal = {head.Seal}");
        Assert.Empty((await desk.VerifyAsync()).Problems);
        Assert.Equal(EvidenceCheck.Shortened, Assert.Single((await desk.VerifyAsync(receipts: receipts)).Problems).Kind);

        await db.Attempts.ExecuteDeleteAsync();
        await db.EvidenceHeads.ExecuteDeleteAsync();
        Assert.Empty((await desk.VerifyAsync()).Problems);
        Assert.Equal(EvidenceCheck.ChainMissing, Assert.Single((await desk.VerifyAsync(receipts: receipts)).Problems).Kind);

        await guard.Get<ShopRegistry>().UninstallAsync(Guard.Shop, TimeProvider.System.GetUtcNow().AddMinutes(1));
        Assert.True(await guard.Get<PrivacyDesk>().RedactShopAsync(Guard.Shop));
        Assert.Empty((await desk.VerifyAsync(receipts: receipts)).Problems);
    }

    [Fact]
    public async Task What_could_not_be_stored_before_the_stop_is_counted_whole()
    {
        using var cluster = new PostgresCluster();
        await using var llm = await ScriptedLlm.StartAsync();
        await using var guard = await StartAsync(llm, cluster.NewDatabase() + ";Timeout=1");
        await guard.InstallAsync();
        cluster.Kill();
        for (var call = 0; call < 3; call++)
        {
            await AskAsync(guard);
        }

        await guard.Host.StopAsync();
        Assert.Contains(guard.Logs.All, line => line.Contains("3 attempt records could not be stored", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Many_chains_are_verified_page_by_page()
    {
        await using var llm = await ScriptedLlm.StartAsync();
        await using var guard = await StartAsync(llm, PostgresCluster.Shared.NewDatabase());
        await using var db = guard.Db();
        var chains = new EvidenceChains(guard.Get<EvidenceKeys>());
        List<AttemptRecord> records = [.. Enumerable.Range(0, 1201).Select(number => new AttemptRecord
        {
            At = DatabaseTime.Of(TimeProvider.System), Shop = $"shop-{number}", Feature = "chat", Source = Sources.Live, Outcome = "answered", Milliseconds = 1,
        })];
        db.EvidenceHeads.AddRange(chains.Seal(records, []));
        db.Attempts.AddRange(records);
        await db.SaveChangesAsync();
        await db.Database.ExecuteSqlAsync($"UPDATE guard.attempts SET outcome = 'timeout'");
        var report = await guard.Get<EvidenceDesk>().VerifyAsync();
        Assert.Equal((1201L, 1201L, 1201L, 1000), (report.Records, report.Chains, report.ProblemCount, report.Problems.Count));
        Assert.Equal(1, (await guard.Get<EvidenceDesk>().VerifyAsync("shop-7")).ProblemCount);
    }

    private static EvidenceKeys KeysOf(string? key, string tokenKey, params string[] old)
    {
        var evidence = new EvidenceOptions { Key = key };
        old.ToList().ForEach(evidence.OldKeys.Add);
        return new EvidenceKeys(Options.Create(evidence), Options.Create(new TokenVaultOptions { TokenKey = tokenKey }));
    }

    private static async Task<IReadOnlyList<string>> ReceiptsAsync(Guard guard)
    {
        List<string> lines = [];
        await foreach (var line in guard.Get<EvidenceDesk>().ReceiptsAsync())
        {
            lines.Add(line);
        }

        return lines;
    }

    private static int Count(Guard guard)
    {
        try
        {
            using var db = guard.Db();
            return db.Attempts.Count(record => record.Endpoint != null);
        }
        catch (Exception exception) when (exception is Npgsql.NpgsqlException or InvalidOperationException)
        {
            return -1;
        }
    }

    private static Task<Guard> StartAsync(ScriptedLlm llm, string database) => Guard.StartAsync(database, settings:
    [
        ("Llm:Endpoints:0:Id", "local-1"), ("Llm:Endpoints:0:Url", llm.Url), ("Llm:Endpoints:0:Region", "eu-test"),
        ("Llm:Endpoints:0:Jurisdiction", "EU"), ("Llm:Endpoints:0:Model", "m"), ("Llm:Endpoints:0:AttestedUntil", "2099-01-01T00:00:00.1234567Z"),
    ]);

    private static Task<Attempt> AskAsync(Guard guard) => guard.Get<LlmRouter>().AskAsync(
        new ModelCall(guard.Get<LlmRouter>().Caller(Guard.Shop), "chat", [new(Microsoft.Extensions.AI.ChatRole.User, "Hello?")], new Sampling(32)),
        new Deadline(TimeProvider.System, TimeSpan.FromSeconds(10)));

    private static IReadOnlyList<EvidenceProblem> Problems(IReadOnlyList<AttemptRecord> records, EvidenceHead? head) =>
        Walk(records.OrderBy(record => record.Sequence), head, Keys, Start.AddDays(-180));

    private static IReadOnlyList<EvidenceProblem> Walk(IEnumerable<AttemptRecord> records, EvidenceHead? head, EvidenceKeys keys, DateTimeOffset deletedBefore)
    {
        var walk = new EvidenceWalk("chain", keys, deletedBefore);
        var found = records.Select(walk.Take).ToList();
        found.Add(walk.End(head));
        return [.. found.OfType<EvidenceProblem>()];
    }

    private static (List<AttemptRecord> Records, EvidenceHead? Head) Chain(EvidenceKeys keys, int length)
    {
        List<AttemptRecord> records = [.. Enumerable.Range(0, length).Select(number => Record(Start.AddMinutes(number)))];
        return (records, new EvidenceChains(keys).Seal(records, []).Single());
    }

    private static AttemptRecord Record(DateTimeOffset at, string? endpoint = "eu-1", string? jurisdiction = "EU", string outcome = "answered", string? basis = "1 of 1 eligible") => new()
    {
        At = at, Shop = "shop", Feature = "chat", Source = Sources.Live, Endpoint = endpoint, Region = "eu", Jurisdiction = jurisdiction,
        Basis = basis, Outcome = outcome, Milliseconds = 1.5,
    };

    private static (List<AttemptRecord>, EvidenceHead?) Forge(string what, List<AttemptRecord> records, EvidenceHead? head)
    {
        var third = records[2];
        switch (what)
        {
            case "endpoint": records[2] = Instead(third, Record(third.At, endpoint: "us-1")); break;
            case "jurisdiction": records[2] = Instead(third, Record(third.At, jurisdiction: null)); break;
            case "outcome": records[2] = Instead(third, Record(third.At, outcome: "timeout")); break;
            case "time": records[2] = Instead(third, Record(third.At.AddSeconds(1))); break;
            case "basis emptied": records[2] = Instead(third, Record(third.At, basis: "")); break;
            case "seal taken off": third.Seal = null; break;
            case "removed": records.RemoveAt(2); break;
            case "first removed": records.RemoveAt(0); break;
            case "last removed": records.RemoveAt(4); break;
            case "all removed": records.Clear(); break;
            case "numbers swapped": (third.Sequence, records[3].Sequence) = (4, 3); break;
            case "removed and renumbered": records.RemoveAt(2); records.Skip(2).ToList().ForEach(record => record.Sequence--); break;
            case "taken from another chain": records[2] = Chain(Keys, 5).Records[2]; records[2].Chain = third.Chain; break;
            case "sealed with another key": third.Seal = EvidenceSeal.Of(third, [.. Enumerable.Repeat((byte)7, 32)]); break;
            case "resealed after a forged one": third.PreviousAt = Start; third.Seal = EvidenceSeal.Of(third, Keys.Newest); break;
            case "head moved back": (head!.Sequence, head.LastSeal) = (4, records[3].Seal!); records.RemoveAt(4); break;
            case "all removed and head made old": head!.At = Start.AddDays(-181); records.Clear(); break;
            case "head removed": head = null; break;
        }

        return (records, head);
    }

    private static AttemptRecord Instead(AttemptRecord sealedOne, AttemptRecord forged)
    {
        (forged.Chain, forged.Sequence, forged.Seal) = (sealedOne.Chain, sealedOne.Sequence, sealedOne.Seal);
        (forged.PreviousSeal, forged.PreviousAt) = (sealedOne.PreviousSeal, sealedOne.PreviousAt);
        return forged;
    }
}
