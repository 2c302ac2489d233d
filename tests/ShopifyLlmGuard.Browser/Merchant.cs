using Microsoft.Playwright;

namespace ShopifyLlmGuard.Browser;

/// <summary>A person in front of the app's pages, which run inside the admin's frame with ID tokens and without cookies.</summary>
internal sealed class Merchant : IAsyncDisposable
{
    private readonly IBrowserContext context;

    private Merchant(IBrowserContext context, IPage page)
    {
        this.context = context;
        Page = page;
        page.PageError += (_, error) => Complaints.Add(error);
        page.Console += (_, line) =>
        {
            if (line.Type == "error")
            {
                Complaints.Add(line.Text);
            }
        };
        page.Response += (_, response) => Responses.Add(response);
    }

    public IPage Page { get; }

    public List<string> Complaints { get; } = [];

    public List<IResponse> Responses { get; } = [];

    public IFrameLocator App => Page.FrameLocator("iframe");

    public static async Task<Merchant> SignInAsync(IBrowser browser, string simulator)
    {
        var context = await browser.NewContextAsync(new() { BaseURL = simulator, Locale = "en-GB", TimezoneId = "Europe/Berlin" });
        var merchant = new Merchant(context, await context.NewPageAsync());
        await merchant.OpenAsync("");
        return merchant;
    }

    public async Task OpenAsync(string page)
    {
        await Page.GotoAsync($"/admin/apps/llm-guard/{page}");
        await Assertions.Expect(App.Locator("s-page")).ToBeVisibleAsync(new() { Timeout = 15_000 });
    }

    public async ValueTask DisposeAsync() => await context.CloseAsync();
}
