using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using ShopifyLlmGuard.Compliance;
using ShopifyLlmGuard.Flags;
using ShopifyLlmGuard.Serving;
using ShopifyLlmGuard.Serving.Bypassing;
using ShopifyLlmGuard.Tests.Llm;

namespace ShopifyLlmGuard.Tests.Serving;

/// <summary>What becomes of decisions about the bypass in the database: rows, audit entries, and what is said to Shopify.</summary>
public sealed class BypassStoreTests
{
    private const string Shop = "a.myshopify.com";

    [Fact]
    public async Task A_decision_that_the_database_refuses_holds_up_no_other_and_counts_where_it_is()
    {
        await using var guard = await Guard.StartAsync();
        await guard.InstallAsync(withProducts: false);
        await Poison.PutAsync(guard.Db(), "bypass_decisions", "reason = 'poison'");
        var poison = Decide(true, "poison");
        Assert.True(guard.Get<Bypass>().Take(poison));
        Assert.True(guard.Get<Bypass>().Take(Decide(true, "good", Shop)));
        await Guard.UntilAsync(() => guard.Get<Bypass>().Pending.Count == 0, "the other one is stored");

        await using var db = guard.Db();
        Assert.Equal("good", (await db.BypassDecisions.SingleAsync()).Reason);
        Assert.Equal("good", (await db.AuditWords.SingleAsync()).Reason);
        Assert.Equal(poison, Assert.Single(guard.Get<Bypass>().Refused));
        Assert.True(guard.Get<Bypass>().IsOn);
        Assert.NotEqual(Reasons.Bypass, guard.Get<ServingBoard>().DecideShared(Guard.Shop, Features.Chat).Reason);
        await Guard.UntilAsync(() => guard.Logs.All.Count(line => line.StartsWith("Error", StringComparison.Ordinal) && line.Contains($"will never take the decision {poison.Id}", StringComparison.Ordinal)) == 1, "it is said");
        Assert.Equal(1, Gauges.Read(guard, "guard.bypass.unstored").Values.Single());
        Assert.True(guard.Get<Bypass>().Take(Decide(false, "over")));
        await Guard.UntilAsync(() => guard.Get<Bypass>().Pending.Count == 0, "the next one is stored, too");
        Assert.False(guard.Get<Bypass>().IsOn);
    }

    [Fact]
    public async Task Each_decision_has_one_audit_entry_whichever_way_it_came_and_however_many_servers_heard_it()
    {
        var database = PostgresCluster.Shared.NewDatabase();
        await using var here = await Guard.StartAsync(database);
        await using var there = await Guard.StartAsync(database);
        List<BypassDecision> decisions =
        [
            Decide(true, "one", way: BypassWay.Command), Decide(false, "two", way: BypassWay.Webhook), Decide(true, "three", Shop, BypassWay.Admin),
        ];
        foreach (var decision in decisions)
        {
            here.Get<Bypass>().Take(decision);
            there.Get<Bypass>().Take(decision, fromPeer: true);
            here.Get<Bypass>().Take(decision);
        }

        await Guard.UntilAsync(() => here.Get<Bypass>().Pending.Count + there.Get<Bypass>().Pending.Count == 0, "all are stored");
        await using var db = here.Db();
        var words = await db.AuditWords.OrderBy(each => each.Reason).ToListAsync();
        Assert.Equal([("one", null, "every shop"), ("three", Shop, "the shop"), ("two", null, "every shop")], words.Select(each => (each.Reason, each.Shop, each.Subject)));
        Assert.All(words, each => Assert.Equal("Ada", each.Actor));
        Assert.Equal(["bypass-off", "bypass-on", "bypass-on"], await db.AuditEntries.Select(entry => entry.Action).Order().ToListAsync());
        Assert.Empty((await here.Get<AuditDesk>().VerifyAsync()).Problems);
    }

    [Fact]
    public async Task An_id_that_the_database_knows_as_another_decision_flips_no_server_for_long()
    {
        var database = PostgresCluster.Shared.NewDatabase();
        await using var here = await Guard.StartAsync(database);
        var first = Decide(true, "the first");
        here.Get<Bypass>().Take(first);
        here.Get<Bypass>().Take(Decide(false, "the second"));
        await Guard.UntilAsync(() => here.Get<Bypass>().Pending.Count == 0, "both are stored");

        await using var there = await Guard.StartAsync(database);
        there.Get<Bypass>().Take(Decide(true, "another") with { Id = first.Id });
        await Guard.UntilAsync(() => there.Get<Bypass>() is { Pending.Count: 0, IsOn: false }, "what the database has counts");
        Assert.Equal("the second", there.Get<Bypass>().Standing()!.Reason);
        Assert.False(here.Get<Bypass>().IsOn);
    }

    [Fact]
    public async Task A_file_on_one_server_changes_its_answers_and_not_what_Shopify_holds()
    {
        await using var llm = await ScriptedLlm.StartAsync();
        await using var guard = await LlmGuard.StartAsync(llm);
        Assert.Equal("Live", Published(guard));
        await File.WriteAllTextAsync(Path.Combine(guard.DataDirectory, "bypass"), "Fire drill");
        await Guard.UntilAsync(() => guard.Get<Bypass>().IsOn, "the file is found");
        Assert.Equal(Reasons.Bypass, guard.Get<ServingBoard>().Decide(Guard.Shop, Features.Chat).Reason);
        Assert.Equal("Live", Published(guard));

        guard.Get<Bypass>().Take(Decide(true, "for everybody"));
        await Guard.UntilAsync(() => Published(guard) == "Fallback", "what holds everywhere is said");
        guard.Get<Bypass>().Take(Decide(false, "over"));
        await Guard.UntilAsync(() => Published(guard) == "Live", "and its end, although the file is still there");
        guard.Get<Bypass>().Take(Decide(true, "for one", Guard.Shop));
        await Guard.UntilAsync(() => Published(guard) == "Fallback", "a shop's own counts, too");
    }

    private static string? Published(Guard guard) =>
        JsonDocument.Parse(guard.Get<PublicationDesk>().Features(Guard.Shop)[0].Json).RootElement.GetProperty("mode").GetString();

    private static BypassDecision Decide(bool on, string reason, string? shop = null, BypassWay way = BypassWay.Command) =>
        BypassDecision.Make(on, shop, way, "Ada", reason, TimeProvider.System);
}
