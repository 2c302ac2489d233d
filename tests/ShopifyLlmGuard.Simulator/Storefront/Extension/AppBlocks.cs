using System.Net;
using System.Security.Cryptography;
using System.Text;
using Fluid;
using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Simulator.Shop;
using ShopifyLlmGuard.Simulator.Storefront.Liquid;
using ShopifyLlmGuard.Simulator.Storefront.Pages;

namespace ShopifyLlmGuard.Simulator.Storefront.Extension;

/// <summary>Renders the theme app extension's blocks where the merchant placed them, as Shopify would.</summary>
internal sealed class AppBlocks
{
    private const string Handle = "llm-guard";

    private readonly ThemeEditor editor;
    private readonly ShopObjects objects;
    private readonly Metafields metafields;
    private readonly LiquidEngine liquid;

    public AppBlocks(ThemeEditor editor, ShopObjects objects, Metafields metafields, IOptions<SimulatorOptions> options)
    {
        (this.editor, this.objects, this.metafields) = (editor, objects, metafields);
        Assets = Path.Combine(options.Value.ExtensionFolder, "assets");
        liquid = new(options.Value.ExtensionFolder, "an app block", new Dictionary<string, ExtraTag>(), AssetUrl);
    }

    public string Assets { get; }

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

    // A new address for every content, as on Shopify's CDN.
    private string AssetUrl(string file)
    {
        var path = Path.Combine(Assets, file);
        if (!File.Exists(path))
        {
            throw new FluidException($"There is no asset '{file}'");
        }

        var hash = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)))[..12];
        return $"/cdn/extensions/{Handle}/{hash}/assets/{file}";
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
