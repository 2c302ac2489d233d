using Microsoft.EntityFrameworkCore;
using Npgsql;
using ShopifyLlmGuard.Compliance;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Fallbacks;
using ShopifyLlmGuard.Flags;
using ShopifyLlmGuard.Gateway;
using ShopifyLlmGuard.Llm;
using ShopifyLlmGuard.Llm.Endpoints;
using ShopifyLlmGuard.Privacy;
using ShopifyLlmGuard.Serving;
using ShopifyLlmGuard.Shops;

namespace ShopifyLlmGuard.Tests.Compliance;

/// <summary>The audit trail in a real database, where the tests' user is a superuser, and tampers as one.</summary>
public sealed class AuditTests : IAsyncLifetime
{
    private Guard guard = null!;

    public async Task InitializeAsync()
    {
        guard = await Guard.StartAsync();
        await guard.InstallAsync(withProducts: false);
    }

    public async Task DisposeAsync() => await guard.DisposeAsync();

    [Fact]
    public async Task Every_change_by_a_person_has_its_entry()
    {
        var pin = await guard.Get<PinBoard>().PinAsync(new PinRequest(Guard.Shop, Features.Chat, Mode.Off, PinHolder.Human, "Ada", "new texts"));
        await guard.Get<PinBoard>().ReleaseAsync(pin.Id, "Grace", "done");
        await guard.Get<PinBoard>().ReleaseAsync(pin.Id, "Grace", "nothing is left to release");
        await guard.Get<FlagBoard>().SetAsync(Guard.Shop, Features.Chat, false, "Ada", "inventory");
        await guard.Get<FlagBoard>().SetAsync(Guard.Shop, Features.Chat, false, "Ada", "it is off already");
        await guard.Get<FallbackBoard>().SaveAsync(Guard.Shop, FallbackContent.Default with { Greeting = "Hi." }, "Ada");
        var (key, _) = await guard.Get<GatewayKeys>().AddAsync(new GatewayKeyRequest("Booking", ["EU"], 60, 4, null, "Grace"));
        await guard.Get<GatewayKeys>().RevokeAsync(key.Id, "Grace");
        await guard.Get<EndpointDesk>().SaveAsync(new LlmEndpoint { Id = "fra-1", Url = "http://10.0.0.1", Region = "eu", Jurisdiction = "EU", Model = "m" }, "Grace", "new");
        await guard.Get<EndpointDesk>().RemoveAsync("fra-1", "Grace", "old");

        await using var db = guard.Db();
        var words = await db.AuditWords.OrderBy(each => each.Sequence).ToListAsync();
        Assert.Equal(
            ["pin-placed", "pin-released", "flag-turned", "fallback-saved", "key-made", "key-revoked", "endpoint-saved", "endpoint-removed"],
            await db.AuditEntries.OrderBy(entry => entry.Sequence).Select(entry => entry.Action).ToListAsync());
        Assert.Equal((Guard.Shop, "Ada", "chat", "new texts"), (words[0].Shop, words[0].Actor, words[0].Subject, words[0].Reason));
        Assert.Equal(("Grace", "done"), (words[1].Actor, words[1].Reason));
        Assert.Equal((Guard.Shop, "off", "inventory"), (words[2].Shop, words[2].Detail, words[2].Reason));
        var report = await guard.Get<AuditDesk>().VerifyAsync();
        Assert.Equal((8, 8), (report.Entries, report.LastSequence));
        Assert.Empty(report.Problems);
        Assert.Empty((await guard.Get<AuditDesk>().VerifyAsync((8, report.LastSeal!))).Problems);
    }

    [Theory]
    [InlineData("UPDATE guard.audit_entries SET action = 'pin-placed'")]
    [InlineData("DELETE FROM guard.audit_entries")]
    [InlineData("TRUNCATE guard.audit_entries")]
    [InlineData("UPDATE guard.audit_words SET actor = 'Eve'")]
    [InlineData("DELETE FROM guard.audit_words")]
    [InlineData("TRUNCATE guard.audit_words")]
    [InlineData("DELETE FROM guard.audit_heads")]
    [InlineData("TRUNCATE guard.audit_heads")]
    public async Task The_database_refuses_to_change_the_trail(string statement)
    {
        await FillAsync(2);
        await using var db = guard.Db();
        var refusal = await Assert.ThrowsAsync<PostgresException>(() => db.Database.ExecuteSqlRawAsync(statement));
        Assert.Contains("append-only", refusal.MessageText, StringComparison.Ordinal);
        Assert.Empty((await guard.Get<AuditDesk>().VerifyAsync()).Problems);
    }

    public static TheoryData<string, string, long> Tamperings { get; } = new()
    {
        { "UPDATE guard.audit_entries SET action = 'pin-placed' WHERE sequence = 3", AuditCheck.Changed, 3 },
        { "UPDATE guard.audit_entries SET at = at + interval '1 second' WHERE sequence = 3", AuditCheck.Changed, 3 },
        { "UPDATE guard.audit_entries SET forgets = '2' WHERE sequence = 3; DELETE FROM guard.audit_words WHERE sequence = 2", AuditCheck.WordsMissing, 2 },
        { "UPDATE guard.audit_words SET actor = 'Eve' WHERE sequence = 3", AuditCheck.WordsChanged, 3 },
        { "UPDATE guard.audit_words SET shop = NULL WHERE sequence = 3", AuditCheck.WordsChanged, 3 },
        { "DELETE FROM guard.audit_words WHERE sequence = 3", AuditCheck.WordsMissing, 3 },
        { "DELETE FROM guard.audit_entries WHERE sequence = 3", AuditCheck.Missing, 4 },
        { "DELETE FROM guard.audit_entries WHERE sequence = 1", AuditCheck.Missing, 2 },
        { "UPDATE guard.audit_entries SET sequence = -3 WHERE sequence = 3; UPDATE guard.audit_entries SET sequence = 3 WHERE sequence = 4; UPDATE guard.audit_entries SET sequence = 4 WHERE sequence = -3", AuditCheck.Changed, 3 },
        { "DELETE FROM guard.audit_entries WHERE sequence = 3; UPDATE guard.audit_entries SET sequence = sequence - 1 WHERE sequence > 3", AuditCheck.Changed, 3 },
        { "DELETE FROM guard.audit_entries WHERE sequence = 5", AuditCheck.Missing, 5 },
        { "DELETE FROM guard.audit_entries", AuditCheck.Missing, 1 },
        { "UPDATE guard.audit_heads SET sequence = 4, last_seal = (SELECT seal FROM guard.audit_entries WHERE sequence = 4); DELETE FROM guard.audit_entries WHERE sequence = 5", AuditCheck.HeadChanged, 4 },
        { "DELETE FROM guard.audit_heads", AuditCheck.HeadMissing, 5 },
    };

    [Theory]
    [MemberData(nameof(Tamperings))]
    public async Task Tampering_by_someone_who_can_switch_the_triggers_off_is_found(string statements, string kind, long at)
    {
        await FillAsync(5);
        await TamperAsync(statements);
        var problems = (await guard.Get<AuditDesk>().VerifyAsync()).Problems;
        Assert.Contains(new AuditProblem(at, kind), problems);
    }

    [Fact]
    public async Task An_old_copy_of_the_whole_trail_is_found_by_a_seal_that_was_kept_outside()
    {
        await FillAsync(3);
        await using var db = guard.Db();
        var old = await db.AuditHeads.AsNoTracking().SingleAsync();
        await FillAsync(2);
        var kept = await guard.Get<AuditDesk>().VerifyAsync();
        await TamperAsync("DELETE FROM guard.audit_words WHERE sequence > 3; DELETE FROM guard.audit_entries WHERE sequence > 3");
        await TamperAsync($"UPDATE guard.audit_heads SET sequence = 3, last_seal = '\\x{Convert.ToHexString(old.LastSeal)}', seal = '\\x{Convert.ToHexString(old.Seal)}', at = (SELECT at FROM guard.audit_entries WHERE sequence = 3)");

        Assert.Empty((await guard.Get<AuditDesk>().VerifyAsync()).Problems);
        var problem = Assert.Single((await guard.Get<AuditDesk>().VerifyAsync((kept.LastSequence, kept.LastSeal!))).Problems);
        Assert.Equal(new AuditProblem(5, AuditCheck.NotAsKept), problem);
        Assert.Contains(guard.Logs.All, line => line.Contains($"Audit entry 5: pin-placed, seal {kept.LastSeal}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Several_servers_write_one_chain()
    {
        await using var other = await Guard.StartAsync(guard.Db().Database.GetConnectionString());
        await Task.WhenAll(Enumerable.Range(0, 24).Select(number => (number % 2 == 0 ? guard : other).Get<PinBoard>().PinAsync(
            new PinRequest(Guard.Shop, Features.Chat, Mode.Fallback, PinHolder.Human, $"Ada {number}", "at once"))));
        var report = await guard.Get<AuditDesk>().VerifyAsync();
        Assert.Equal((24, 24), (report.Entries, report.LastSequence));
        Assert.Empty(report.Problems);
    }

    [Fact]
    public async Task A_change_that_fails_leaves_no_entry_and_an_entry_that_fails_leaves_no_change()
    {
        await TamperAsync("ALTER TABLE guard.audit_words ADD CONSTRAINT none CHECK (actor <> 'Eve')");
        await Assert.ThrowsAsync<DbUpdateException>(() => guard.Get<PinBoard>().PinAsync(
            new PinRequest(Guard.Shop, Features.Chat, Mode.Off, PinHolder.Human, "Eve", "x")));
        await TamperAsync("ALTER TABLE guard.pins ADD CONSTRAINT none CHECK (actor <> 'Mallory')");
        await Assert.ThrowsAsync<DbUpdateException>(() => guard.Get<PinBoard>().PinAsync(
            new PinRequest(Guard.Shop, Features.Chat, Mode.Off, PinHolder.Human, "Mallory", "x")));
        await using var db = guard.Db();
        Assert.Empty(db.Pins);
        Assert.Empty(db.AuditEntries);
    }

    [Fact]
    public async Task No_shopper_and_no_health_decision_waits_for_the_trail()
    {
        await using var held = guard.Db();
        await using var transaction = await held.Database.BeginTransactionAsync();
        await guard.Get<AuditTrail>().AppendAsync(held, new AuditNote(AuditActions.BypassOn, null, "Ada", "everything", "on"), default);
        var pinning = guard.Get<PinBoard>().PinAsync(new PinRequest(Guard.Shop, Features.Chat, Mode.Off, PinHolder.Human, "Grace", "x"));

        // The chain is held now; all of this needs the same database and goes on.
        await guard.Get<ServingLedger>().RecordAsync();
        await guard.Get<Snapshots>().RefreshAsync();
        await using (var db = guard.Db())
        {
            Assert.Equal(2, await db.ServingChanges.CountAsync());
        }

        Assert.False(pinning.IsCompleted);
        await transaction.CommitAsync();
        await pinning;
        Assert.Empty((await guard.Get<AuditDesk>().VerifyAsync()).Problems);
    }

    [Fact]
    public async Task A_deleted_shops_words_are_gone_and_the_chain_still_stands()
    {
        await FillAsync(2);
        await guard.Get<PinBoard>().PinAsync(new PinRequest(null, null, Mode.Live, PinHolder.Human, "Grace", "for all shops"));
        await guard.Get<ShopRegistry>().UninstallAsync(Guard.Shop, DateTimeOffset.MaxValue);
        Assert.True(await guard.Get<PrivacyDesk>().RedactShopAsync(Guard.Shop));
        await using var db = guard.Db();
        Assert.Equal([3L, 4L], await db.AuditWords.OrderBy(words => words.Sequence).Select(words => words.Sequence).ToListAsync());
        Assert.Equal("1,2", (await db.AuditEntries.SingleAsync(entry => entry.Sequence == 4)).Forgets);
        Assert.Empty((await guard.Get<AuditDesk>().VerifyAsync()).Problems);
    }

    private async Task FillAsync(int entries)
    {
        for (var number = 0; number < entries; number++)
        {
            await guard.Get<PinBoard>().PinAsync(new PinRequest(Guard.Shop, Features.Chat, Mode.Fallback, PinHolder.Human, "Ada", $"{number}"));
        }
    }

    private async Task TamperAsync(string statements)
    {
        await using var db = guard.Db();
        var asReplica = $"SET session_replication_role = replica; {statements}; SET session_replication_role = DEFAULT";
        await db.Database.ExecuteSqlRawAsync(asReplica);
    }
}
