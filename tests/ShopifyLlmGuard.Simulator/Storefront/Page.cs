using Fluid;
using ShopifyLlmGuard.Simulator.Storefront.Pages;

namespace ShopifyLlmGuard.Simulator.Storefront;

/// <summary>One storefront page while it is made: its language, its cart, and what its blocks ask for.</summary>
internal sealed class Page
{
    private readonly HashSet<string> productsByHandle = [];

    public required string Locale { get; init; }

    /// <summary>The language part of the address: empty or <c>/de</c>.</summary>
    public required string Prefix { get; init; }

    public required string Address { get; init; }

    public required bool DesignMode { get; init; }

    public required Cart Cart { get; init; }

    public required Theme Theme { get; init; }

    /// <summary>The template's name, as <c>template</c> and <c>request.page_type</c> tell it.</summary>
    public required string Template { get; init; }

    /// <summary>Objects that every file of the page sees.</summary>
    public IReadOnlyDictionary<string, object?> Globals { get; set; } = new Dictionary<string, object?>();

    /// <summary>Stylesheets and scripts of app blocks, each once.</summary>
    public HashSet<string> HeadTags { get; } = [];

    public static Page Of(TemplateContext context) => (Page)context.AmbientValues[nameof(Page)];

    /// <summary>An address of this shop in the page's language.</summary>
    public string Path(string path) => Prefix + (path == "/" && Prefix.Length > 0 ? "" : path);

    /// <summary>Shopify lets a page look up at most 20 different products by handle.</summary>
    public void CountLookup(string handle)
    {
        productsByHandle.Add(handle);
        if (productsByHandle.Count > 20)
        {
            throw new FluidException("all_products has a limit of 20 different handles per page");
        }
    }
}
