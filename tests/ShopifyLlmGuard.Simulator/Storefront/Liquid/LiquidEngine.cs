using Fluid;

namespace ShopifyLlmGuard.Simulator.Storefront.Liquid;

/// <summary>
/// Liquid out of one folder (the theme, or the extension): <c>render</c> finds its <c>snippets/</c>, <c>t</c> its
/// <c>locales/</c>. Nothing is escaped by itself, as in Shopify; whatever does not exist is a <see cref="LiquidError"/>.
/// </summary>
internal sealed class LiquidEngine
{
    private readonly string root;
    private readonly TemplateOptions options = new()
    {
        StrictFilters = true,
        Undefined = name => throw new FluidException($"Undefined variable '{name}'"),
    };

    private readonly FileCache<(LiquidSource Source, IFluidTemplate Template)> files;

    public LiquidEngine(string root, string where, IReadOnlyDictionary<string, ExtraTag> extraTags, Func<string, string> assetUrl)
    {
        this.root = root;
        options.Filters.AddShopifyFilters(new Locales(Path.Combine(root, "locales")), assetUrl);
        var dialect = new LiquidDialect(
            where, options.Filters.Select(filter => filter.Key).ToHashSet(), extraTags,
            (snippet, values, writer, context) => WriteAsync($"snippets/{snippet}.liquid", Page.Of(context), values, writer));
        files = new(path =>
        {
            var source = LiquidSource.Read(root, path);
            return (source, new LiquidParser(source, dialect).Whole());
        });
    }

    /// <summary>The source of a file, already parsed without complaint.</summary>
    public LiquidSource Source(string name) => files.Get(Path.Combine(root, name)).Source;

    public bool Has(string name) => File.Exists(Path.Combine(root, name));

    /// <summary>Renders one file; <paramref name="locals"/> are visible there, but not in the snippets that it renders.</summary>
    public async Task<string> RenderAsync(string name, Page page, params (string Name, object? Value)[] locals)
    {
        var text = new StringWriter();
        await WriteAsync(name, page, locals, text);
        return text.ToString();
    }

    private async Task WriteAsync(string name, Page page, IReadOnlyList<(string Name, object? Value)> locals, TextWriter writer)
    {
        if (!Has(name))
        {
            throw new FluidException($"There is no {name}");
        }

        var context = new TemplateContext(options);
        context.AmbientValues[nameof(Page)] = page;
        foreach (var (global, value) in page.Globals)
        {
            context.SetValue(global, value);
        }

        foreach (var (local, value) in locals)
        {
            context.SetValue(local, value);
        }

        await files.Get(Path.Combine(root, name)).Template.RenderAsync(writer, NullEncoder.Default, context);
    }
}
