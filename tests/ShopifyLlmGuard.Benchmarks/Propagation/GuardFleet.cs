using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ShopifyLlmGuard.Browser;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Tests;

namespace ShopifyLlmGuard.Benchmarks.Propagation;

/// <summary>Three real guard servers as processes of their own on one PostgreSQL, and a desk beside them from which an operator acts.</summary>
internal sealed class GuardFleet : IAsyncDisposable
{
    public const int Size = 3;

    /// <summary>Good for the bypass by signed message, and at the door for Alertmanager.</summary>
    public const string Secret = "a-secret-of-the-benchmark-with-32-characters";
    private readonly string folder = Directory.CreateTempSubdirectory("guard-fleet-").FullName;

    private GuardFleet(PostgresCluster postgres)
    {
        Postgres = postgres;
        Database = postgres.NewDatabase();
        Desk = DeskOn(Database, Path.Combine(folder, "desk"));
        List<string> urls = [.. Enumerable.Range(0, Size).Select(_ => $"http://127.0.0.1:{Programs.FreePort()}")];
        Servers = [.. urls.Select((url, index) => Server(url, index + 1, urls))];
    }

    public PostgresCluster Postgres { get; }
    public string Database { get; }
    public ServiceProvider Desk { get; }
    public IReadOnlyList<HostProcess> Servers { get; }

    /// <summary>Starts the servers; the shops are in the database by then.</summary>
    public static async Task<GuardFleet> StartAsync(PostgresCluster postgres, int shops)
    {
        var fleet = new GuardFleet(postgres);
        await using (var db = await fleet.Desk.GetRequiredService<IDbContextFactory<GuardDb>>().CreateDbContextAsync())
        {
            await db.Database.MigrateAsync();
            await ManyShops.InstallAsync(db, shops);
        }

        await Task.WhenAll(fleet.Servers.Select(server => server.StartAsync("/healthz/ready")));
        return fleet;
    }

    /// <summary>The library without its background work: it reads and writes when it is told to.</summary>
    public static ServiceProvider DeskOn(string database, string folder)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(Settings(database, folder)).Build();
        return new ServiceCollection().AddLogging(logging => logging.SetMinimumLevel(LogLevel.None)).AddSingleton<IConfiguration>(configuration)
            .AddGuard(configuration).BuildServiceProvider();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in Servers)
        {
            await server.DisposeAsync();
        }

        await Desk.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    private HostProcess Server(string url, int number, IReadOnlyList<string> all) => new(
        "ShopifyLlmGuard.Server", Path.Combine(Programs.Root, "app", "ShopifyLlmGuard.Server"),
        Settings(Database, Path.Combine(folder, $"server-{number}")).Concat(Doors(number, all))
            .ToDictionary(setting => setting.Key.Replace(":", "__", StringComparison.Ordinal), setting => setting.Value!), url);

    private static Dictionary<string, string?> Doors(int number, IReadOnlyList<string> all) => new(
        all.Select((url, index) => KeyValuePair.Create($"Guard:Servers:{index}", (string?)url)))
    {
        ["Guard:Server"] = $"server-{number}", ["Bypass:Secrets:0"] = Secret, ["Incidents:Sources:alertmanager:Secrets:0"] = Secret,
        ["Incidents:Rules:0:Name"] = "critical-holds-chat", ["Incidents:Rules:0:Match:0"] = "severity=critical", ["Incidents:Rules:0:Features:0"] = "chat",
    };

    // Ten thousand shops have no Shopify here to publish to, and one client asks for all shoppers.
    private static Dictionary<string, string?> Settings(string database, string data) => new()
    {
        ["ASPNETCORE_ENVIRONMENT"] = "Production", ["ConnectionStrings:Guard"] = database, ["Guard:DataDirectory"] = data, ["Jobs:Run"] = "false",
        ["ClientLimits:ChatsPerMinute"] = "1000000", ["Shopify:ClientId"] = "dev-client-id", ["Shopify:ClientSecret"] = "dev-client-secret",
        ["Shopify:TokenKey"] = Convert.ToBase64String(new byte[32]), ["Shopify:AppUrl"] = "http://127.0.0.1:5080",
    };
}
