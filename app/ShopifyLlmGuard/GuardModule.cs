using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.FeatureManagement;
using Npgsql;
using ShopifyLlmGuard.Catalog;
using ShopifyLlmGuard.Chat;
using ShopifyLlmGuard.Compliance;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Fallbacks;
using ShopifyLlmGuard.Flags;
using ShopifyLlmGuard.Gateway;
using ShopifyLlmGuard.Health;
using ShopifyLlmGuard.Health.Leases;
using ShopifyLlmGuard.Incidents;
using ShopifyLlmGuard.Incidents.Signals;
using ShopifyLlmGuard.Llm;
using ShopifyLlmGuard.Llm.Endpoints;
using ShopifyLlmGuard.Llm.Routing;
using ShopifyLlmGuard.Privacy;
using ShopifyLlmGuard.Propagation;
using ShopifyLlmGuard.Protections;
using ShopifyLlmGuard.Recommendations;
using ShopifyLlmGuard.Releases;
using ShopifyLlmGuard.Releases.Comparing;
using ShopifyLlmGuard.Releases.Golden;
using ShopifyLlmGuard.Serving;
using ShopifyLlmGuard.Serving.Bypassing;
using ShopifyLlmGuard.Shops;

namespace ShopifyLlmGuard;

/// <summary>Everything that the guard knows and decides, as services.</summary>
public static class GuardModule
{
    /// <summary>Adds the guard. Reads <c>ConnectionStrings:Guard</c> and the sections Guard, Llm, Time, Health, Incidents and Shopify.</summary>
    public static IServiceCollection AddGuard(this IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddMetrics();
        services.AddSingleton<GuardMeter>();
        services.AddOptions<GuardOptions>().Bind(configuration.GetSection("Guard")).ValidateDataAnnotations().ValidateOnStart();
        return services.AddData(configuration).AddServing().AddHealth(configuration).AddLlm(configuration).AddCompliance(configuration).AddShops(configuration)
            .AddCatalog().AddReleases(configuration).AddFeatures().AddIncidents(configuration).AddSignals(configuration);
    }

    private static IServiceCollection AddData(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton(_ => NpgsqlDataSource.Create(Limited(configuration.GetConnectionString("Guard")
            ?? throw new InvalidOperationException("ConnectionStrings:Guard is missing: it names the PostgreSQL database."))));
        services.AddDbContextFactory<GuardDb>((provider, options) =>
            options.UseNpgsql(provider.GetRequiredService<NpgsqlDataSource>(), npgsql =>
                npgsql.MigrationsHistoryTable("migrations", GuardDb.Schema)));
        services.AddSingleton<SnapshotReader>().AddSingleton<SnapshotFile>().AddSingleton<Snapshots>();
        services.AddHostedService<AfterValidation<SnapshotKeeper>>().AddHostedService<AfterValidation<SnapshotFollower>>();
        services.AddSingleton<PropagationBoard>();
        return services.AddHostedService<AfterValidation<HeartbeatListener>>().AddHostedService<AfterValidation<HeartbeatWriter>>();
    }

    private static IServiceCollection AddServing(this IServiceCollection services)
    {
        services.AddSingleton<IFeatureDefinitionProvider, SnapshotDefinitionProvider>();
        services.AddFeatureManagement().AddFeatureFilter<ShopFlagFilter>();
        services.AddSingleton<FlagBoard>();
        services.AddSingleton<ProtectionProofs>().AddHostedService<AfterValidation<ProtectionWriter>>();
        services.AddSingleton<BypassStore>().AddHostedService<AfterValidation<BypassWatch>>().AddHostedService<AfterValidation<PinWatch>>();
        services.AddSingleton<Bypass>().AddSingleton<ServingBoard>().AddSingleton<ServingLedger>().AddSingleton<PinBoard>();
        services.AddSingleton<Outbox>().AddHostedService<AfterValidation<LedgerKeeper>>();
        return services.AddSingleton<FallbackBoard>().AddSingleton<PublicationDesk>().AddSingleton<GatewayKeys>();
    }

    private static IServiceCollection AddHealth(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<HealthOptions>().Bind(configuration.GetSection("Health")).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<IValidateOptions<HealthOptions>, HealthRules>();
        services.AddSingleton<HealthBoard>().AddSingleton<ProbeLeases>().AddSingleton<Probe>().AddSingleton<ProbeHistory>();
        services.AddSingleton(provider => new HealthRound(
            provider.GetRequiredService<EndpointLanes>(), provider.GetRequiredService<Probe>(),
            provider.GetRequiredService<ProbeHistory>(), provider.GetRequiredService<HealthBoard>(),
            provider.GetRequiredService<ServingLedger>(), provider.GetRequiredService<IOptions<HealthOptions>>(),
            provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<HealthRound>>()));
        return services.AddHostedService<AfterValidation<HealthWatch>>();
    }

    private static IServiceCollection AddLlm(this IServiceCollection services, IConfiguration configuration)
    {
        // Bound by hand, because a bound section is read again at every reload, and a mistake in it would then be thrown at whoever asks.
        services.AddOptions<LlmOptions>().Configure(options => EndpointFile.Read(configuration.GetSection("Llm"), options)).ValidateOnStart();
        services.AddOptions<TimeOptions>().Bind(configuration.GetSection("Time")).ValidateOnStart();
        services.AddSingleton<IValidateOptions<LlmOptions>, LlmRules>().AddSingleton<IValidateOptions<TimeOptions>, TimeRules>();
        services.AddSingleton(provider => new EndpointList(
            configuration.GetSection("Llm"), provider.GetRequiredService<IOptions<LlmOptions>>(), provider.GetRequiredService<Snapshots>(),
            provider.GetRequiredService<TokenVault>(), provider.GetRequiredService<ILogger<EndpointList>>()));
        services.AddSingleton<EndpointDesk>().AddSingleton<EndpointLanes>().AddSingleton<Bulkhead>().AddSingleton<Tries>()
            .AddSingleton<RoutePlanner>();
        services.AddSingleton<AttemptLog>();
        services.AddSingleton(provider => new LlmRouter(
            provider.GetRequiredService<RoutePlanner>(), provider.GetRequiredService<Tries>(), provider.GetRequiredService<Bulkhead>(),
            provider.GetRequiredService<AttemptLog>(), provider.GetRequiredService<Snapshots>()));
        return services;
    }

    private static IServiceCollection AddCompliance(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<EvidenceOptions>().Bind(configuration.GetSection("Evidence"))
            .Validate(options => options.Key is null || TokenVault.IsKey(options.Key), "Evidence:Key must be base64 of 32 bytes.")
            .Validate(options => options.OldKeys.All(TokenVault.IsKey), "Every one of Evidence:OldKeys must be base64 of 32 bytes.")
            .ValidateOnStart();
        services.AddSingleton(provider => new EvidenceKeys(
            provider.GetRequiredService<IOptions<EvidenceOptions>>(), provider.GetRequiredService<IOptions<TokenVaultOptions>>()));
        services.AddSingleton(provider => new EvidenceDesk(
            provider.GetRequiredService<IDbContextFactory<GuardDb>>(), provider.GetRequiredService<EvidenceKeys>(),
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new EvidenceRetention(
            provider.GetRequiredService<IDbContextFactory<GuardDb>>(), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new AuditTrail(
            provider.GetRequiredService<EvidenceKeys>(), provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<AuditTrail>>()));
        services.AddSingleton(provider => new AuditDesk(
            provider.GetRequiredService<IDbContextFactory<GuardDb>>(), provider.GetRequiredService<EvidenceKeys>(),
            provider.GetRequiredService<AuditTrail>()));
        return services.AddSingleton<EvidenceChains>().AddHostedService<AfterValidation<EvidenceWriter>>();
    }

    private static IServiceCollection AddShops(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<TokenVaultOptions>().Bind(configuration.GetSection("Shopify"))
            .Validate(options => TokenVault.IsKey(options.TokenKey), "Shopify:TokenKey must be base64 of 32 bytes.")
            .Validate(options => options.OldTokenKey is null || TokenVault.IsKey(options.OldTokenKey), "Shopify:OldTokenKey must be base64 of 32 bytes.")
            .ValidateOnStart();
        return services.AddSingleton<TokenVault>().AddSingleton<ShopRegistry>().AddScoped<CurrentShop>().AddSingleton<PrivacyDesk>();
    }

    private static IServiceCollection AddCatalog(this IServiceCollection services) =>
        services.AddSingleton<ProductCatalog>().AddSingleton<ProductShelf>().AddSingleton<CatalogRound>();

    private static IServiceCollection AddReleases(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<ReleaseOptions>().Bind(configuration.GetSection("Releases")).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<ReleaseTally>().AddSingleton<ReleaseMinutes>().AddSingleton<ReleaseComparison>().AddSingleton<ReleaseDesk>();
        services.AddSingleton(provider => new ReleaseBoard(
            provider.GetRequiredService<Snapshots>(), provider.GetRequiredService<EndpointList>(), provider.GetRequiredService<ReleaseTally>(),
            provider.GetRequiredService<IOptions<ReleaseOptions>>(), provider.GetRequiredService<GuardMeter>(), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new ReleaseReader(
            provider.GetRequiredService<ReleaseBoard>(), provider.GetRequiredService<ReleaseComparison>(), provider.GetRequiredService<HealthBoard>(),
            provider.GetRequiredService<IDbContextFactory<GuardDb>>(), provider.GetRequiredService<IOptions<ReleaseOptions>>(),
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new GoldenGate(
            provider.GetRequiredService<LlmRouter>(), provider.GetRequiredService<EndpointLanes>(), provider.GetRequiredService<ReleaseBoard>(),
            provider.GetRequiredService<IDbContextFactory<GuardDb>>(), provider.GetRequiredService<AuditTrail>(),
            provider.GetRequiredService<IOptions<TimeOptions>>(), provider.GetRequiredService<TimeProvider>()));
        return services.AddHostedService<AfterValidation<ReleaseWatch>>();
    }

    private static IServiceCollection AddFeatures(this IServiceCollection services) => services
        .AddSingleton<AnswerBudget>()
        .AddSingleton(provider => new InHouseAssistant(
            provider.GetRequiredService<LlmRouter>(), provider.GetRequiredService<Snapshots>(), provider.GetRequiredService<Bypass>(),
            provider.GetRequiredService<IOptions<TimeOptions>>(), provider.GetRequiredService<GuardMeter>(),
            provider.GetRequiredService<ILogger<InHouseAssistant>>()))
        .AddSingleton<ReasonMemory>()
        .AddSingleton(provider => new ChatAssistant(
            provider.GetRequiredService<ServingBoard>(), provider.GetRequiredService<FallbackBoard>(),
            provider.GetRequiredService<ProductShelf>(), provider.GetRequiredService<ReleaseBoard>(), provider.GetRequiredService<LlmRouter>(),
            provider.GetRequiredService<AnswerBudget>()))
        .AddSingleton(provider => new Recommender(
            provider.GetRequiredService<ServingBoard>(), provider.GetRequiredService<ProductShelf>(),
            provider.GetRequiredService<ReasonMemory>(), provider.GetRequiredService<ReleaseBoard>(), provider.GetRequiredService<LlmRouter>(),
            provider.GetRequiredService<AnswerBudget>()));

    // Npgsql's own defaults wait 15 s for a connection and 30 s for a command.
    private static string Limited(string connectionString)
    {
        var given = new DbConnectionStringBuilder { ConnectionString = connectionString };
        var builder = new NpgsqlConnectionStringBuilder(connectionString);
        builder.Timeout = given.ContainsKey("Timeout") ? builder.Timeout : 3;
        builder.CommandTimeout = given.ContainsKey("Command Timeout") ? builder.CommandTimeout : 10;
        builder.KeepAlive = given.ContainsKey("Keepalive") ? builder.KeepAlive : 10;
        return builder.ConnectionString;
    }
}
