using Microsoft.EntityFrameworkCore;
using ShopifyLlmGuard.Compliance;
using ShopifyLlmGuard.Llm;

namespace ShopifyLlmGuard.Tests.Compliance;

public sealed class EvidenceRetentionTests : IAsyncLifetime
{
    private Guard guard = null!;

    public async Task InitializeAsync() => guard = await Guard.StartAsync();

    public async Task DisposeAsync() => await guard.DisposeAsync();

    [Fact]
    public async Task What_is_older_than_half_a_year_is_deleted_however_much_it_is_and_nothing_else()
    {
        await using var db = guard.Db();
        var now = TimeProvider.System.GetUtcNow();
        await db.Database.ExecuteSqlAsync(
            $"""
             INSERT INTO guard.attempts (at, shop, feature, source, outcome, milliseconds)
             SELECT {now.AddDays(-181)} + place * interval '1 second', 'a', 'chat', 'live', 'answered', 1 FROM generate_series(1, 11000) AS place
             """);
        db.Attempts.Add(new AttemptRecord { At = now.AddDays(-179), Shop = "a", Feature = "chat", Source = "live", Outcome = "answered", Milliseconds = 1 });
        db.EvidenceHeads.AddRange(Head("old", now.AddDays(-181)), Head("young", now.AddDays(-179)));
        await db.SaveChangesAsync();
        await guard.Get<EvidenceRetention>().RunAsync();
        Assert.Equal(1, await db.Attempts.CountAsync());
        Assert.Equal("young", await db.EvidenceHeads.Select(head => head.Chain).SingleAsync());
    }

    [Theory]
    [InlineData("attempts")]
    [InlineData("evidence_heads")]
    public async Task Old_evidence_is_found_by_an_index_on_its_time(string table)
    {
        await using var db = guard.Db();
        await db.Database.OpenConnectionAsync();
        await db.Database.ExecuteSqlRawAsync("SET enable_seqscan = off");
        var explain = $"EXPLAIN SELECT * FROM guard.{table} WHERE at < '2020-01-01' ORDER BY at LIMIT 5";
        var plan = await db.Database.SqlQueryRaw<string>(explain).ToListAsync();
        Assert.Contains(plan, line => line.Contains($"IX_{table}_at", StringComparison.Ordinal));
    }

    private static EvidenceHead Head(string chain, DateTimeOffset at) => new() { Chain = chain, Shop = "a", Sequence = 1, LastSeal = [1], At = at, Seal = [2] };
}
