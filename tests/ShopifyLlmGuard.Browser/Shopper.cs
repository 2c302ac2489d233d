using System.Diagnostics;
using Microsoft.Playwright;

namespace ShopifyLlmGuard.Browser;

/// <summary>What the chat showed for one question.</summary>
internal sealed record ChatTurn(string Text, string Source, TimeSpan After);

/// <summary>A person in front of the storefront, and everything the browser complained about meanwhile.</summary>
internal sealed class Shopper : IAsyncDisposable
{
    public const string Product = "/products/voyager-wrist-monitor";
    public const string Question = "Which blood pressure monitor is good for travel?";

    private const string WatchLayout = """
        window.shifts = 0;
        new PerformanceObserver((list) => {
          for (const shift of list.getEntries()) {
            if (!shift.hadRecentInput) window.shifts += shift.value;
          }
        }).observe({ type: 'layout-shift', buffered: true });
        """;

    private readonly IBrowserContext context;

    private Shopper(IBrowserContext context, IPage page)
    {
        this.context = context;
        Page = page;
        page.PageError += (_, error) => Complaints.Add(error);
        page.Console += (_, line) =>
        {
            if (line.Type is "error" or "warning" && !(GuardIsGone && IsProxyError(line)))
            {
                Complaints.Add(line.Text);
            }
        };
        page.Request += (_, request) => Requests.Add(request.Url);
    }

    public IPage Page { get; }

    /// <summary>There is no guard: then the app proxy answers 502, and Chromium itself prints a line that no script can prevent.</summary>
    public bool GuardIsGone { get; init; }

    /// <summary>Script errors, console errors and warnings.</summary>
    public List<string> Complaints { get; } = [];

    public List<string> Requests { get; } = [];

    public IEnumerable<string> RequestsToGuard => Requests.Where(url => new Uri(url).AbsolutePath.StartsWith("/apps/", StringComparison.Ordinal));

    public static async Task<Shopper> ArriveAsync(IBrowser browser, string storefront, bool guardIsGone = false)
    {
        var context = await browser.NewContextAsync(new() { BaseURL = storefront, Locale = "en-GB" });
        await context.AddInitScriptAsync(WatchLayout);
        return new(context, await context.NewPageAsync()) { GuardIsGone = guardIsGone };
    }

    /// <summary>Loads the page within the five seconds that every shopper is promised, and looks at our block.</summary>
    public async Task ViewProductAsync(string path = Product)
    {
        await Page.GotoAsync(path, new() { WaitUntil = WaitUntilState.Load, Timeout = 5_000 });
        if (await Recommendations.CountAsync() > 0)
        {
            await Recommendations.ScrollIntoViewIfNeededAsync();
        }
    }

    public ILocator Chat => Page.Locator("guard-chat, [data-guard=chat]").First;

    public ILocator Recommendations => Page.Locator("guard-recommendations, [data-guard=recommendations]").First;

    public async Task<bool> RecommendationsBecomeAsync(string source, double seconds)
    {
        try
        {
            await Page.Locator($"guard-recommendations[data-source={source}]").WaitForAsync(new()
            {
                State = WaitForSelectorState.Attached,
                Timeout = (float)(seconds * 1000),
            });
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    /// <summary>Whether the page has a chat that asks the app, rather than none or a static one.</summary>
    public async Task<bool> ChatAsksAsync() => await Page.Locator("guard-chat[data-proxy]").CountAsync() > 0;

    public Task OpenChatAsync() => Page.Locator("guard-chat button[popovertarget]").First.ClickAsync();

    /// <summary>Opens the chat if needed, asks, and waits for something useful in place of an answer.</summary>
    public async Task<ChatTurn> AskAsync(string question)
    {
        if (!await Page.Locator("input[name=message]").IsVisibleAsync())
        {
            await OpenChatAsync();
        }

        var before = await Page.Locator("li[data-role=assistant][data-source]").CountAsync();
        await Page.Locator("input[name=message]").FillAsync(question);
        var watch = Stopwatch.StartNew();
        await Page.Locator("input[name=message]").PressAsync("Enter");
        var answer = Page.Locator("li[data-role=assistant][data-source]").Nth(before);
        await answer.WaitForAsync(new() { Timeout = 10_000 });
        return new(await answer.InnerTextAsync(), await answer.GetAttributeAsync("data-source") ?? "", watch.Elapsed);
    }

    /// <summary>What no failure of ours may touch: the product, the cart and the way to pay.</summary>
    public async Task BuyAsync()
    {
        await Page.GetByRole(AriaRole.Button, new() { Name = "Add to cart" }).First.ClickAsync();
        await Page.GotoAsync("/cart");
        await Assertions.Expect(Page.Locator("main")).ToContainTextAsync("€");
        await Page.GetByRole(AriaRole.Link, new() { Name = "Checkout" }).Or(Page.GetByRole(AriaRole.Button, new() { Name = "Checkout" })).First.ClickAsync();
        await Assertions.Expect(Page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToContainTextAsync("Checkout");
    }

    /// <summary>What axe finds wrong in our blocks for people who use a keyboard, a screen reader or strong contrast.</summary>
    public async Task<string[]> AccessibilityFaultsAsync()
    {
        await Page.AddScriptTagAsync(new() { Path = Path.Combine(Programs.Root, "tests", "node_modules", "axe-core", "axe.min.js") });
        return await Page.EvaluateAsync<string[]>("""
            axe.run({ include: [['guard-recommendations'], ['guard-chat']] })
              .then((found) => found.violations.map((fault) => `${fault.id}: ${fault.nodes.map((node) => node.html).join(' ')}`))
            """);
    }

    public Task<double> LayoutShiftAsync() => Page.EvaluateAsync<double>("window.shifts");

    private static bool IsProxyError(IConsoleMessage line) =>
        line.Text.StartsWith("Failed to load resource", StringComparison.Ordinal) && line.Text.Contains("502", StringComparison.Ordinal)
            && line.Location.Contains("/apps/guard/", StringComparison.Ordinal);

    public async ValueTask DisposeAsync() => await context.CloseAsync();
}
