using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using ShopifyLlmGuard.Chat;
using ShopifyLlmGuard.Health;
using ShopifyLlmGuard.Incidents.Answers;
using ShopifyLlmGuard.Llm;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Tests.Incidents.Answers;

public sealed class AnswerCountTests : IAsyncLifetime
{
    private IncidentSite site = null!;

    public async Task InitializeAsync() => site = await IncidentSite.StartAsync();

    public async Task DisposeAsync() => await site.DisposeAsync();

    [Fact]
    public async Task What_shoppers_saw_during_an_incident_is_counted_by_source_and_reason()
    {
        Answered(IncidentSite.Shop, Sources.Live, null, 9);
        await site.AfterAsync(3, EndpointState.Down, "fra-1", "fra-2");
        Answered(IncidentSite.Shop, Sources.Static, Reasons.NoEligibleEndpoint, 3);
        Answered(IncidentSite.Other, Sources.Static, Reasons.NoEligibleEndpoint, 4);
        site.Clock.Advance(TimeSpan.FromMinutes(2));
        Answered(IncidentSite.Shop, Sources.Static, Reasons.NoEligibleEndpoint, 2);
        Answered(IncidentSite.Shop, Sources.Precomputed, Reasons.Timeout, 1, "recommendations");
        await site.AfterAsync(1, EndpointState.Up, "fra-1", "fra-2");
        site.Clock.Advance(TimeSpan.FromMinutes(1));
        Answered(IncidentSite.Shop, Sources.Live, null, 9);
        await StoreAsync(site);

        Assert.Equal(
            [new AnswerCount("chat", "static", "no-eligible-endpoint", 9), new AnswerCount("recommendations", "precomputed", "timeout", 1)],
            (await site.ReadAsync(1)).Answers);
        Assert.Equal(5, (await site.ReadAsync(1, IncidentSite.Shop)).Answers.Single(answer => answer.Feature == "chat").Count);
    }

    [Fact]
    public async Task Counts_of_two_servers_are_added_and_none_is_lost_while_the_database_is_away()
    {
        await using var other = await IncidentSite.StartAsync(site.Guard.Db().Database.GetConnectionString());
        for (var round = 0; round < 3; round++)
        {
            Answered(IncidentSite.Shop, Sources.Live, null, 2);
            Answered(IncidentSite.Shop, Sources.Live, null, 3, on: other);
            await Task.WhenAll(StoreAsync(site), StoreAsync(other));
        }

        Assert.Equal(15, await SumAsync());
        await using var db = site.Guard.Db();
        await db.Database.ExecuteSqlRawAsync("ALTER TABLE guard.answer_minutes RENAME TO gone");
        Answered(IncidentSite.Shop, Sources.Live, null, 4);
        await Assert.ThrowsAsync<Npgsql.PostgresException>(() => StoreAsync(site));
        Answered(IncidentSite.Shop, Sources.Live, null, 1);
        await db.Database.ExecuteSqlRawAsync("ALTER TABLE guard.gone RENAME TO answer_minutes");
        await StoreAsync(site);
        Assert.Equal(20, await SumAsync());
    }

    [Fact]
    public async Task Old_counts_are_forgotten_but_not_those_of_an_incident()
    {
        Answered(IncidentSite.Shop, Sources.Live, null, 1);
        await site.AfterAsync(5, EndpointState.Down, "fra-1", "fra-2");
        Answered(IncidentSite.Shop, Sources.Static, Reasons.NoEligibleEndpoint, 7);
        await site.AfterAsync(5, EndpointState.Up, "fra-1", "fra-2");
        site.Clock.Advance(TimeSpan.FromMinutes(5));
        Answered(IncidentSite.Shop, Sources.Live, null, 1);
        await StoreAsync(site);
        site.Pass(TimeSpan.FromDays(181));
        using var writer = Writer(site);
        await writer.TidyAsync(default);
        Assert.Equal(7, await SumAsync());
    }

    [Fact]
    public void Many_threads_count_everything_once()
    {
        var counts = new AnswerCounts(TimeProvider.System);
        var taken = 0L;
        Parallel.For(0, 20_000, number =>
        {
            counts.Answered("shop", "chat", number % 2 == 0 ? Sources.Live : Sources.Static, null);
            if (number % 100 == 0)
            {
                Interlocked.Add(ref taken, counts.Take().Sum(row => row.Count));
            }
        });
        Assert.Equal(20_000, taken + counts.Take().Sum(row => row.Count));
    }

    private static AnswerCountWriter Writer(IncidentSite site) => ActivatorUtilities.CreateInstance<AnswerCountWriter>(site.Guard.Services);

    private static async Task StoreAsync(IncidentSite site)
    {
        using var writer = Writer(site);
        await writer.StoreAsync(default);
    }

    private void Answered(string shop, string source, string? reason, int times, string feature = "chat", IncidentSite? on = null)
    {
        for (var time = 0; time < times; time++)
        {
            (on ?? site).Guard.Get<AttemptLog>().Answered(shop, new ShopifyLlmGuard.Chat.Answer(feature, Mode.Fallback, source, reason, null, null, null, null), TimeSpan.Zero);
        }
    }

    private async Task<long> SumAsync()
    {
        await using var db = site.Guard.Db();
        return await db.AnswerMinutes.SumAsync(row => row.Count);
    }
}
