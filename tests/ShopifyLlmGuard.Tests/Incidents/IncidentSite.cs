using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Health;
using ShopifyLlmGuard.Incidents;
using ShopifyLlmGuard.Incidents.Answers;
using ShopifyLlmGuard.Serving;
using ShopifyLlmGuard.Shops;

namespace ShopifyLlmGuard.Tests.Incidents;

/// <summary>A guard with endpoints in three regions, two shops that were live, and a clock of the test's own.</summary>
internal sealed class IncidentSite : IAsyncDisposable
{
    public const string Shop = Guard.Shop, Other = "other.myshopify.com";
    public static readonly DateTimeOffset Noon = new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Soon = TimeSpan.FromHours(1);

    private IncidentSite(Guard guard) => Guard = guard;

    public Guard Guard { get; }

    public FakeTimeProvider Clock => (FakeTimeProvider)Guard.Get<TimeProvider>();

    public static async Task<IncidentSite> StartAsync(string? database = null, params (string Key, string? Value)[] settings)
    {
        var clock = new FakeTimeProvider(Noon);
        var site = new IncidentSite(await Guard.StartAsync(database, services: services => Quiet(services).AddSingleton<TimeProvider>(clock), settings:
        [
            .. Endpoint(0, "fra-1", "eu-central", "EU"), .. Endpoint(1, "fra-2", "eu-central", "EU"), .. Endpoint(2, "nyc-1", "us-east", "US"),
            .. settings,
        ]));
        if (database is null)
        {
            await site.InstallAsync(Shop);
            await site.InstallAsync(Other);
            await site.Guard.Get<IncidentRound>().RunAsync();
        }

        return site;
    }

    public Task InstallAsync(string shop) =>
        Guard.Get<ShopRegistry>().InstallAsync(new ShopInstallation(shop, shop, "EUR", $"gid://shopify/AppInstallation/{shop.Length}"), null);

    /// <summary>Time passes. A long time does not wake timers up for each of its moments.</summary>
    public void Pass(TimeSpan time)
    {
        if (time > Soon)
        {
            Clock.AdjustTime(Clock.GetUtcNow() + time - Soon);
            time = Soon;
        }

        Clock.Advance(time);
    }

    /// <summary>Time passes, endpoints change, and the round looks.</summary>
    public async Task AfterAsync(double minutes, EndpointState state, params string[] endpoints)
    {
        Pass(TimeSpan.FromMinutes(minutes));
        foreach (var endpoint in endpoints)
        {
            Guard.Get<HealthBoard>().Remember(endpoint, new Snapshot.EndpointMark(
                state, state == EndpointState.Up ? null : $"Endpoint {endpoint} refuses connections.", DatabaseTime.Of(Clock)));
        }

        await Guard.Get<HealthBoard>().WriteAsync(default);
        await LookAsync();
    }

    public async Task LookAsync()
    {
        await Guard.Get<ServingLedger>().RecordAsync();
        await Guard.Get<IncidentRound>().RunAsync();
    }

    public Task<IReadOnlyList<IncidentLine>> ListAsync(string? shop = null) => Guard.Get<IncidentReader>().ListAsync(shop);

    public async Task<IncidentFile> ReadAsync(long id, string? shop = null) => (await Guard.Get<IncidentReader>().ReadAsync(id, shop))!;

    public async ValueTask DisposeAsync() => await Guard.DisposeAsync();

    // Moving the clock would let them look at endpoints that are not there, and store what the test stores itself.
    private static IServiceCollection Quiet(IServiceCollection services)
    {
        services.Remove(services.Single(service => service.ImplementationType == typeof(AfterValidation<HealthWatch>)));
        services.Remove(services.Single(service => service.ImplementationType == typeof(AfterValidation<AnswerCountWriter>)));
        return services;
    }

    private static IEnumerable<(string, string?)> Endpoint(int place, string id, string region, string jurisdiction) =>
    [
        ($"Llm:Endpoints:{place}:Id", id), ($"Llm:Endpoints:{place}:Url", "http://127.0.0.1:9"), ($"Llm:Endpoints:{place}:Region", region),
        ($"Llm:Endpoints:{place}:Jurisdiction", jurisdiction), ($"Llm:Endpoints:{place}:Model", "m"),
    ];
}
