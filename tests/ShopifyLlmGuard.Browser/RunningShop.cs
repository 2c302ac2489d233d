using Microsoft.Playwright;
using ShopifyLlmGuard.Tests;

namespace ShopifyLlmGuard.Browser;

/// <summary>The whole product on this machine, as <c>./run</c> starts it, with a browser in front: every part is real and can be broken.</summary>
public sealed class RunningShop : IAsyncLifetime
{
    public const string ShopDomain = "carewell.myshopify.com";

    private readonly string data = Directory.CreateTempSubdirectory("guard-data-").FullName;
    private IPlaywright playwright = null!;
    private string database = "";

    /// <summary>While this file exists, everything is static.</summary>
    internal string BypassFile => Path.Combine(data, "bypass");

    internal PostgresCluster Postgres { get; } = new();

    internal HostProcess Inference { get; private set; } = null!;

    internal HostProcess Guard { get; private set; } = null!;

    internal HostProcess Simulator { get; private set; } = null!;

    internal IBrowser Browser { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        await StartAsync();
        playwright = await Playwright.CreateAsync();
        Browser = await playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = "/usr/bin/chromium",
            Args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
                "--disable-component-update", "--disable-sync"],
        });
    }

    /// <summary>Everything but the browser.</summary>
    internal async Task StartAsync()
    {
        database = Postgres.NewDatabase();
        Inference = new("ShopifyLlmGuard.Inference", Folder("app/ShopifyLlmGuard.Inference"), InferenceSettings(), Url("127.0.0.1"));
        var (guard, simulator) = (Url("127.0.0.1"), Url("localhost"));
        Guard = new("ShopifyLlmGuard.Server", Folder("app/ShopifyLlmGuard.Server"), GuardSettings(guard, simulator), guard);
        Simulator = new("ShopifyLlmGuard.Simulator", Folder("tests/ShopifyLlmGuard.Simulator"), SimulatorSettings(guard, simulator), simulator);
        await StartInferenceAsync();
        await StartGuardAsync();
        await Simulator.StartAsync("/");
    }

    internal Task StartInferenceAsync() => Inference.StartAsync("/health");

    internal Task StartGuardAsync() => Guard.StartAsync("/healthz/ready");

    /// <summary>Waits until the shop has installed the app and the first modes have arrived in it.</summary>
    internal Task InstalledAsync() => Eventually.TrueAsync(
        () => Simulator.ContainsAsync(Shopper.Product, "<guard-recommendations"), "the shop shows live recommendations", 60);

    /// <summary>A shopper with an empty browser profile.</summary>
    internal Task<Shopper> ShopperAsync(bool guardIsGone = false) => Shopper.ArriveAsync(Browser, Simulator.Url, guardIsGone);

    /// <summary>A merchant in front of the app's admin pages, inside the admin's frame.</summary>
    internal Task<Merchant> MerchantAsync() => Merchant.SignInAsync(Browser, Simulator.Url);

    /// <summary>
    /// Waits until shoppers get live answers, with nobody's help. Only the chat asks the model for certain: the words of
    /// recommendations are remembered for a while.
    /// </summary>
    internal Task RecoveredAsync(double seconds = 60) => Eventually.TrueAsync(
        async () =>
        {
            await using var shopper = await ShopperAsync();
            await shopper.ViewProductAsync();
            return await shopper.RecommendationsBecomeAsync("live", 2) && await shopper.ChatAsksAsync()
                && (await shopper.AskAsync(Shopper.Question)).Source == "live";
        },
        "recommendations and chat are live again",
        seconds);

    public async Task DisposeAsync()
    {
        if (Browser is not null)
        {
            await Browser.CloseAsync();
        }

        playwright?.Dispose();
        foreach (var process in new[] { Simulator, Guard, Inference }.Where(process => process is not null))
        {
            await process.DisposeAsync();
        }

        Postgres.Dispose();
        Directory.Delete(data, recursive: true);
    }

    private static string Folder(string relative) => Path.Combine(Programs.Root, relative);

    private static string Url(string host) => $"http://{host}:{Programs.FreePort()}";

    private static Dictionary<string, string> InferenceSettings() => new()
    {
        ["Inference__Model"] = Environment.GetEnvironmentVariable("MODEL") ?? Folder("infra/demo-model/carewell-demo.gguf"),
    };

    private Dictionary<string, string> GuardSettings(string guard, string simulator) => new()
    {
        ["ASPNETCORE_ENVIRONMENT"] = "Development",
        ["DOTNET_GCgen0size"] = "0x400000",
        ["ConnectionStrings__Guard"] = database,
        ["Guard__DataDirectory"] = data,
        ["Shopify__ClientId"] = "dev-client-id",
        ["Shopify__ClientSecret"] = "dev-client-secret",
        ["Shopify__TokenKey"] = Convert.ToBase64String(new byte[32]),
        ["Shopify__AppUrl"] = guard,
        ["Shopify__ShopUrl"] = simulator,
        ["Shopify__AdminUrl"] = simulator,
        ["Shopify__CdnUrl"] = simulator + "/cdn",
        ["Llm__Endpoints__0__Id"] = "local-1",
        ["Llm__Endpoints__0__Url"] = Inference.Url,
        ["Llm__Endpoints__0__Model"] = Path.GetFileNameWithoutExtension(InferenceSettings()["Inference__Model"]),
        ["Llm__Endpoints__0__Region"] = "local",
        ["Llm__Endpoints__0__Jurisdiction"] = "EU",
    };

    private static Dictionary<string, string> SimulatorSettings(string guard, string simulator) => new()
    {
        ["Simulator__Url"] = simulator,
        ["Simulator__AppUrl"] = guard,
        ["Simulator__Shop"] = ShopDomain,
        ["Simulator__ClientId"] = "dev-client-id",
        ["Simulator__ClientSecret"] = "dev-client-secret",
    };
}

/// <summary>Faults change the whole stack, so its tests take turns.</summary>
[CollectionDefinition(Name)]
public sealed class OneShop : ICollectionFixture<RunningShop>
{
    public const string Name = "one shop";
}
