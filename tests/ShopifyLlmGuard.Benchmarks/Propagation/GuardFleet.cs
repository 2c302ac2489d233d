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
    private readonly string folder = Directory.CreateTempSubdirectory("guard-fleet-").FullName;

    private GuardFleet(PostgresCluster postgres)
    {
        Postgres = postgres;
        Database = postgres.NewDatabase();
        Desk = DeskOn(Database, Path.Combine(folder, "desk"));
        Servers = [.. Enumerable.Range(1, Size).Select(Server)];
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

    private HostProcess Server(int number) => new(
        "ShopifyLlmGuard.Server", Path.Combine(Programs.Root, "app", "ShopifyLlmGuard.Server"),
        Settings(Database, Path.Combine(folder, $"server-{number}")).Append(new("Guard:Server", $"server-{number}"))
            .ToDictionary(setting => setting.Key.Replace(":", "__", StringComparison.Ordinal), setting => setting.Value!),
        $"http://127.0.0.1:{Programs.FreePort()}");

    // Ten thousand shops have no Shopify here to publish to, and one client asks for all shoppers.
    private static Dictionary<string, string?> Settings(string database, string data) => new()
    {
        ["ASPNETCORE_ENVIRONMENT"] = "Production", ["ConnectionStrings:Guard"] = database, ["Guard:DataDirectory"] = data, ["Jobs:Run"] = "false",
        ["ClientLimits:ChatsPerMinute"] = "1000000", ["Shopify:ClientId"] = "dev-client-id", ["Shopify:ClientSecret"] = "dev-client-secret",
        ["Shopify:TokenKey"] = Convert.ToBase64String(new byte[32]), ["Shopify:AppUrl"] = "http://127.0.0.1:5080",
    };
}
