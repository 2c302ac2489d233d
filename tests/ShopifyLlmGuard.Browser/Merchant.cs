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

    /// <summary>Holds a feature at a mode, for an hour.</summary>
    public async Task HoldAsync(string feature, string mode)
    {
        var form = await UnfoldAsync($"pin-{feature}");
        await form.Locator("s-select[name='Pin.Mode'] select").SelectOptionAsync(mode);
        await form.Locator("s-text-field[name='Pin.Reason'] input").FillAsync("A test");
        await SubmitAsync(form);
    }

    public async Task ReleaseAsync(string feature) => await SubmitAsync(await UnfoldAsync($"release-{feature}"));

    /// <summary>Turns the feature's switch to the other side.</summary>
    public async Task SwitchAsync(string feature) => await SubmitAsync(await UnfoldAsync($"switch-{feature}"));

    // What takes something away from shoppers hides behind a disclosure that asks first.
    private async Task<ILocator> UnfoldAsync(string handler)
    {
        var form = App.Locator($"form:has(input[name=_handler][value={handler}])");
        var question = App.Locator("details.ask:not([open])").Filter(new() { Has = form }).Locator("summary");
        if (await question.CountAsync() > 0)
        {
            await question.First.ClickAsync();
        }

        return form;
    }

    private async Task SubmitAsync(ILocator form)
    {
        await form.Locator("s-button[type=submit] button, button[type=submit]").First.ClickAsync();
        await Assertions.Expect(App.Locator("[data-announce]")).ToBeVisibleAsync(new() { Timeout = 10_000 });
    }

    public async ValueTask DisposeAsync() => await context.CloseAsync();
}
