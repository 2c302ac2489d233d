using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ShopifyLlmGuard.Catalog;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Shops;

namespace ShopifyLlmGuard.Tests;

/// <summary>The library as a server runs it: real services, real hosted services, a database of its own. No web.</summary>
public sealed class Guard : IAsyncDisposable
{
    public const string Shop = "carewell.myshopify.com";
    private readonly string directory;
    private readonly bool ownsDirectory;

    private Guard(IHost host, string directory, bool ownsDirectory, LogLines logs) =>
        (Host, this.directory, this.ownsDirectory, Logs) = (host, directory, ownsDirectory, logs);

    public IHost Host { get; }
    public LogLines Logs { get; }
    public string DataDirectory => directory;
    public IServiceProvider Services => Host.Services;

    public T Get<T>() where T : notnull => Services.GetRequiredService<T>();

    /// <summary>Starts a guard. Settings override the defaults below; a data directory that is handed in is not deleted.</summary>
    public static async Task<Guard> StartAsync(
        string? database = null, string? dataDirectory = null, Action<IServiceCollection>? services = null,
        params (string Key, string? Value)[] settings)
    {
        var directory = dataDirectory ?? Directory.CreateTempSubdirectory("guard-data-").FullName;
        var logs = new LogLines();
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["ConnectionStrings:Guard"] = database ?? PostgresCluster.Shared.NewDatabase(),
            ["Guard:DataDirectory"] = directory,
            ["Guard:LongestBackoff"] = "00:00:00.5",
            // A test that counts rounds runs them itself.
            ["Health:Watch"] = "false",
            ["Health:MinimumDwell"] = "00:00:00",
            ["Shopify:TokenKey"] = Convert.ToBase64String(new byte[32]),
        });
        builder.Configuration.AddInMemoryCollection(
            settings.GroupBy(setting => setting.Key).Select(same => KeyValuePair.Create(same.Key, same.Last().Value)));
        builder.Logging.AddProvider(logs).SetMinimumLevel(LogLevel.Trace);
        builder.Services.AddGuard(builder.Configuration);
        services?.Invoke(builder.Services);
        var guard = new Guard(builder.Build(), directory, dataDirectory is null, logs);
        try
        {
            await guard.Host.StartAsync();
            return guard;
        }
        catch
        {
            await guard.DisposeAsync();
            throw;
        }
    }

    /// <summary>Installs the demo shop, with the products that the simulator sells and their related products.</summary>
    public async Task InstallAsync(bool withProducts = true)
    {
        await Get<ShopRegistry>().InstallAsync(new ShopInstallation(Shop, "Carewell", "EUR", "gid://shopify/AppInstallation/1"), null);
        if (withProducts)
        {
            await Get<ProductCatalog>().UpsertAsync(Shop, DemoShop.Products);
            await Get<CatalogRound>().RunAsync();
        }
    }

    /// <summary>Waits until something has become true; fails after 20 seconds, or after that many.</summary>
    public static async Task UntilAsync(Func<bool> isTrue, string what, int seconds = 20)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        while (!isTrue())
        {
            Assert.True(!limit.IsCancellationRequested, $"Waited {seconds} s in vain: {what}.");
            await timer.WaitForNextTickAsync();
        }
    }

    public GuardDb Db() => Services.GetRequiredService<Microsoft.EntityFrameworkCore.IDbContextFactory<GuardDb>>().CreateDbContext();

    public async ValueTask DisposeAsync()
    {
        await Host.StopAsync();
        Host.Dispose();
        if (ownsDirectory)
        {
            Directory.Delete(directory, recursive: true);
        }
    }
}
