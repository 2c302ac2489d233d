using System.Net;
using System.Security.Cryptography;
using System.Text;
using ShopifyLlmGuard.Simulator.Shop;
using ShopifyLlmGuard.Simulator.Storefront.Liquid;
using ShopifyLlmGuard.Simulator.Storefront.Pages;

namespace ShopifyLlmGuard.Simulator.Storefront.Extension;

/// <summary>Renders the theme app extension's blocks where the merchant placed them, as Shopify would.</summary>
internal sealed class AppBlocks(ThemeEditor editor, ShopObjects objects, Metafields metafields)
{
    private const string Handle = "llm-guard";
    private static readonly string Assets = Path.Combine(Repository.Extension, "assets");

    private readonly LiquidEngine liquid = new(Repository.Extension, "an app block", new Dictionary<string, ExtraTag>(), AssetUrl);

    /// <summary>Where a file of <c>assets/</c> is served: a new address for every content, as on Shopify's CDN.</summary>
    public static string AssetUrl(string file)
    {
        var path = Path.Combine(Assets, file);
        var hash = File.Exists(path) ? Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)))[..12] : "missing";
        return $"/cdn/extensions/{Handle}/{hash}/assets/{file}";
    }

    /// <summary>Markup of all active blocks with this target; their stylesheets and scripts go to the page's head.</summary>
    public async Task<string> RenderAsync(string target, Page page)
    {
        var markup = new StringBuilder();
        foreach (var placed in editor.Blocks.Where(placed => placed.Active))
        {
            var file = $"blocks/{placed.Handle}.liquid";
            if (!liquid.Has(file))
            {
                continue;
            }

            var schema = AppBlockSchema.Read(liquid.Source(file), Assets);
            if (schema.Target == target && IsOn(schema, page))
            {
                markup.Append(await RenderAsync(placed, file, schema, page));
            }
        }

        return markup.ToString();
    }

    private bool IsOn(AppBlockSchema schema, Page page) =>
        (schema.Templates is null || schema.Templates.Contains(page.Template))
        && (schema.AvailableIf is not var (ns, key) || metafields.Get(ShopState.AppInstallation, ns, key) is { Type: "boolean", Value: "true" });

    private async Task<string> RenderAsync(PlacedBlock placed, string file, AppBlockSchema schema, Page page)
    {
        if (schema.Stylesheet is not null)
        {
            page.HeadTags.Add($"""<link rel="stylesheet" href="{AssetUrl(schema.Stylesheet)}" media="all">""");
        }

        if (schema.Javascript is not null)
        {
            page.HeadTags.Add($"""<script src="{AssetUrl(schema.Javascript)}" async></script>""");
        }

        var body = await liquid.RenderAsync(file, page,
            ("block", Block(placed, schema, page)),
            ("app", Drop.Of("app", ("metafields", () => objects.MetafieldsOf(ShopState.AppInstallation)))));
        return $"""<div id="shopify-block-{placed.Id}" class="shopify-block shopify-app-block">{body}</div>""";
    }

    private static Drop Block(PlacedBlock placed, AppBlockSchema schema, Page page) => Drop.Of("block",
        ("id", () => placed.Id),
        ("type", () => $"shopify://apps/{Handle}/blocks/{placed.Handle}"),
        ("settings", () => new Drop("block.settings", schema.Settings.ToDictionary(
            setting => setting.Key,
            setting => (Func<object?>)(() => placed.Settings.GetValueOrDefault(setting.Key) ?? setting.Value)))),
        ("shopify_attributes", () => page.DesignMode
            ? $"data-shopify-editor-block=\"{WebUtility.HtmlEncode($$"""{"id":"{{placed.Id}}"}""")}\"" : ""));
}
