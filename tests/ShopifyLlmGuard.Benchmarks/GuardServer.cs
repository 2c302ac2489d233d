using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ShopifyLlmGuard.Browser;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Gateway;
using ShopifyLlmGuard.Tests;

namespace ShopifyLlmGuard.Benchmarks;

/// <summary>The real guard server as a process of its own, with a database of its own and keys to its gateway.</summary>
internal sealed class GuardServer : IAsyncDisposable
{
    private readonly string data = Directory.CreateTempSubdirectory("guard-data-").FullName;
    private readonly ServiceProvider desk;
    private readonly HostProcess process;
    private string lastKey = "";

    private GuardServer(PostgresCluster postgres, IEnumerable<(string Key, string Value)> settings)
    {
        var database = postgres.NewDatabase();
        var all = Settings(database).Concat(settings).ToDictionary(setting => setting.Key, setting => (string?)setting.Value);
        process = new(
            "ShopifyLlmGuard.Server", Path.Combine(Programs.Root, "app", "ShopifyLlmGuard.Server"),
            all.ToDictionary(setting => setting.Key.Replace(":", "__", StringComparison.Ordinal), setting => setting.Value!), $"http://127.0.0.1:{Programs.FreePort()}");
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(all).Build();
        desk = new ServiceCollection().AddLogging(logging => logging.SetMinimumLevel(LogLevel.None)).AddSingleton<IConfiguration>(configuration)
            .AddGuard(configuration).BuildServiceProvider();
    }

    public string Url => process.Url;

    public int Pid => process.Id;

    public static async Task<GuardServer> StartAsync(PostgresCluster postgres, IEnumerable<(string Key, string Value)> settings)
    {
        var server = new GuardServer(postgres, settings);
        await using (var db = await server.desk.GetRequiredService<IDbContextFactory<GuardDb>>().CreateDbContextAsync())
        {
            await db.Database.MigrateAsync();
        }

        return server;
    }

    /// <summary>Keys must be made before the start: then the server knows them when it answers first.</summary>
    public async Task<string> KeyAsync(string jurisdiction) =>
        lastKey = (await desk.GetRequiredService<GatewayKeys>().AddAsync(new("benchmark", [jurisdiction], 1_000_000, 10_000, null, "benchmark"))).Secret;

    /// <summary>Starts it, and waits until it has read the keys.</summary>
    public async Task RunAsync()
    {
        await process.StartAsync("/healthz/ready");
        using var http = new HttpClient(new SocketsHttpHandler()) { Timeout = TimeSpan.FromSeconds(5) };
        http.DefaultRequestHeaders.Authorization = new("Bearer", lastKey);
        await Eventually.TrueAsync(
            async () =>
            {
                using var response = await http.GetAsync(new Uri(Url + "/v1/models"));
                return response.IsSuccessStatusCode;
            },
            "the guard knows its keys",
            60);
    }

    /// <summary>How many calls of its gateway are on record.</summary>
    public async Task<int> RecordsAsync()
    {
        await using var db = await desk.GetRequiredService<IDbContextFactory<GuardDb>>().CreateDbContextAsync();
        return await db.Attempts.CountAsync(record => record.Feature == InHouseAssistant.Feature);
    }

    public async ValueTask DisposeAsync()
    {
        await process.DisposeAsync();
        await desk.DisposeAsync();
        Directory.Delete(data, recursive: true);
    }

    private IEnumerable<(string Key, string Value)> Settings(string database) =>
    [
        ("ASPNETCORE_ENVIRONMENT", "Production"), ("DOTNET_GCgen0size", "0x400000"), ("ConnectionStrings:Guard", database), ("Guard:DataDirectory", data),
        ("Shopify:ClientId", "dev-client-id"), ("Shopify:ClientSecret", "dev-client-secret"), ("Shopify:TokenKey", Convert.ToBase64String(new byte[32])),
        ("Shopify:AppUrl", "http://127.0.0.1:5080"),
    ];
}
