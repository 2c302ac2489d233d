using System.Diagnostics;
using Microsoft.Playwright;

namespace ShopifyLlmGuard.Browser;

/// <summary>What the chat showed for one question.</summary>
internal sealed record ChatTurn(string Text, string Source, TimeSpan After);

/// <summary>A person in front of the storefront, and everything the browser complained about meanwhile.</summary>
internal sealed class Shopper : IAsyncDisposable
{
    public const string Product = "/products/voyager-wrist-monitor";

    // Chromium itself prints this line for an answer that is not 2xx; no script can prevent it.
    private const string NetworkLine = "Failed to load resource";

    private const string WatchLayout = """
        window.shiftsOfGuard = 0;
        new PerformanceObserver((list) => {
          for (const shift of list.getEntries()) {
            const nodes = shift.sources.map((source) => source.node).filter(Boolean);
            const element = (node) => (node.nodeType === 1 ? node : node.parentElement);
            if (nodes.some((node) => element(node)?.closest('guard-chat, guard-recommendations, [data-guard]'))) {
              window.shiftsOfGuard += shift.value;
            }
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
            if (line.Type is "error" or "warning" && !line.Text.StartsWith(NetworkLine, StringComparison.Ordinal))
            {
                Complaints.Add(line.Text);
            }
        };
        page.Request += (_, request) => Requests.Add(request.Url);
    }

    public IPage Page { get; }

    /// <summary>Script errors, console errors and warnings.</summary>
    public List<string> Complaints { get; } = [];

    public List<string> Requests { get; } = [];

    public IEnumerable<string> RequestsToGuard => Requests.Where(url => new Uri(url).AbsolutePath.StartsWith("/apps/", StringComparison.Ordinal));

    public static async Task<Shopper> ArriveAsync(IBrowser browser, string storefront)
    {
        var context = await browser.NewContextAsync(new() { BaseURL = storefront, Locale = "en-GB" });
        await context.AddInitScriptAsync(WatchLayout);
        return new(context, await context.NewPageAsync());
    }

    public Task ViewProductAsync(string path = Product) => Page.GotoAsync(path, new() { WaitUntil = WaitUntilState.Load });

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

    public Task<double> LayoutShiftOfGuardAsync() => Page.EvaluateAsync<double>("window.shiftsOfGuard");

    public async ValueTask DisposeAsync() => await context.CloseAsync();
}
