using ShopifyLlmGuard.Simulator.Shop;
using ShopifyLlmGuard.Simulator.Storefront.Extension;
using ShopifyLlmGuard.Simulator.Storefront.Liquid;
using ShopifyLlmGuard.Simulator.Storefront.Pages;

namespace ShopifyLlmGuard.Simulator.Storefront;

/// <summary>Carewell's own theme under <c>Storefront/theme</c>. It knows nothing of any app: app blocks stand where a theme lets them.</summary>
internal sealed class Theme(ShopState shop, ShopObjects objects, AppBlocks blocks)
{
    public static readonly string Folder = Path.Combine(Repository.Simulator, "Storefront", "theme");

    private readonly LiquidEngine liquid = new(Folder, "the theme", ThemeTags.All, file => $"/cdn/shop/theme/{file}");

    /// <summary>A whole page of the shop; <paramref name="objectsOfPage"/> are what its template is about.</summary>
    public async Task<IResult> PageAsync(
        HttpContext http, string template, string title, int status = StatusCodes.Status200OK,
        Func<Page, IEnumerable<(string Name, object? Value)>>? objectsOfPage = null)
    {
        var page = Begin(http, template);
        var globals = objects.Globals(page);
        globals["page_title"] = title;
        foreach (var (name, value) in objectsOfPage?.Invoke(page) ?? [])
        {
            globals[name] = value;
        }

        page.Globals = globals;
        var content = await liquid.RenderAsync($"templates/{template}.liquid", page);
        // Blocks never render on a checkout page.
        var embeds = template == "checkout" ? ("", "") : (await blocks.RenderAsync("head", page), await blocks.RenderAsync("body", page));
        var whole = await liquid.RenderAsync("layout/theme.liquid", page,
            ("content_for_header", string.Join('\n', page.HeadTags) + embeds.Item1), ("content_for_layout", content));
        return Results.Content(whole.Replace("</body>", embeds.Item2 + "</body>", StringComparison.Ordinal), "text/html; charset=utf-8", statusCode: status);
    }

    public Task<string> SectionAsync(string name, Page page) =>
        liquid.RenderAsync($"sections/{name}.liquid", page, ("section", Drop.Of("section", ("id", () => name))));

    public Task<string> AppBlocksAsync(Page page) => blocks.RenderAsync("section", page);

    private Page Begin(HttpContext http, string template) => new()
    {
        Locale = http.Items[StorefrontLanguage.Item] as string ?? Locales.Default,
        Prefix = http.Request.PathBase.Value ?? "",
        Address = http.Request.PathBase + http.Request.Path,
        DesignMode = http.Request.Query.ContainsKey("design_mode"),
        Cart = Cart.Read(http.Request, shop),
        Theme = this,
        Template = template,
    };
}
