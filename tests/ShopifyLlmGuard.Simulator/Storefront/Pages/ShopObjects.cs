using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Simulator.Shop;
using ShopifyLlmGuard.Simulator.Storefront.Liquid;

namespace ShopifyLlmGuard.Simulator.Storefront.Pages;

/// <summary>The shop as Liquid sees it: Shopify's objects with Shopify's member names.</summary>
internal sealed partial class ShopObjects(ShopState shop, Metafields metafields, IOptions<SimulatorOptions> options)
{
    public static string CollectionHandle(string productType) =>
        NotInHandle().Replace(productType.ToLowerInvariant(), "-").Trim('-');

    /// <summary>What every file of a page may read, without any app's data.</summary>
    public Dictionary<string, object?> Globals(Page page) => new()
    {
        ["shop"] = Drop.Of("shop",
            ("name", () => ShopState.Name), ("currency", () => Product.Currency), ("domain", () => options.Value.Shop),
            ("permanent_domain", () => options.Value.Shop), ("url", () => options.Value.Url), ("money_format", () => "€{{amount}}")),
        ["request"] = Drop.Of("request",
            ("design_mode", () => page.DesignMode), ("page_type", () => page.Template), ("path", () => page.Address),
            ("host", () => new Uri(options.Value.Url).Authority), ("locale", () => Language(page, page.Locale))),
        ["routes"] = Routes(page),
        ["localization"] = Drop.Of("localization",
            ("language", () => Language(page, page.Locale)),
            ("available_languages", () => Locales.Published.Select(locale => Language(page, locale)))),
        ["cart"] = CartOf(page),
        ["collections"] = new Drop("collections", new Dictionary<string, Func<object?>>()) { Otherwise = handle => Collection(page, handle) },
        ["all_products"] = new Drop("all_products", new Dictionary<string, Func<object?>>())
        {
            Otherwise = handle =>
            {
                page.CountLookup(handle);
                return shop.Find(handle) is { } product ? ProductOf(page, product) : null;
            },
        },
        ["pages"] = Drop.Of("pages",
            ("contact", () => Drop.Of("page", ("url", () => page.Path("/pages/contact")), ("title", () => "Contact"))),
            ("booking", () => Drop.Of("page", ("url", () => page.Path("/pages/booking")), ("title", () => "Book an appointment")))),
        ["template"] = page.Template,
        ["customer"] = null,
        ["product"] = null,
        ["collection"] = null,
        ["page_description"] = null,
    };

    public Drop ProductOf(Page page, Product product) => Drop.Of("product",
        ("id", () => product.Id), ("handle", () => product.Handle), ("title", () => product.Title), ("vendor", () => product.Vendor),
        ("type", () => product.ProductType), ("tags", () => product.Tags), ("description", () => product.Description),
        ("content", () => product.Description), ("price", () => Cents(product.Price)), ("price_min", () => Cents(product.Price)),
        ("price_varies", () => false), ("compare_at_price", () => null), ("available", () => true),
        ("url", () => page.Path($"/products/{product.Handle}")), ("featured_image", () => Image(product)),
        ("collections", () => new[] { Collection(page, CollectionHandle(product.ProductType)) }),
        ("selected_or_first_available_variant", () => Drop.Of("variant", ("id", () => product.Id), ("price", () => Cents(product.Price)))),
        ("metafields", () => MetafieldsOf(product.Gid)));

    public Drop? Collection(Page page, string handle)
    {
        var products = handle == "all"
            ? shop.Products : [.. shop.Products.Where(product => CollectionHandle(product.ProductType) == handle)];
        return products.Count == 0 ? null : Drop.Of("collection",
            ("handle", () => handle), ("title", () => handle == "all" ? "All products" : products[0].ProductType),
            ("url", () => page.Path($"/collections/{handle}")), ("products_count", () => products.Count),
            ("products", () => products.Select(product => ProductOf(page, product))),
            ("featured_image", () => Image(products[0])));
    }

    public IEnumerable<Drop> Collections(Page page) =>
        shop.Products.Select(product => CollectionHandle(product.ProductType)).Distinct().Select(handle => Collection(page, handle)!);

    /// <summary>What <c>owner.metafields</c> answers; a value that is not there is nothing, at every level.</summary>
    public Drop MetafieldsOf(string owner) => new("metafields", new Dictionary<string, Func<object?>>())
    {
        Otherwise = ns => new Drop("metafields." + ns, new Dictionary<string, Func<object?>>())
        {
            Otherwise = key => metafields.Get(owner, ns, key) is { } field ? Value(field) : null,
        },
    };

    private static Drop Value(Metafield field) => new("metafield", new Dictionary<string, Func<object?>>
    {
        ["type"] = () => field.Type,
        ["value"] = () => field.Type switch
        {
            "json" => JsonNode.Parse(field.Value),
            "boolean" => field.Value == "true",
            "number_integer" => long.Parse(field.Value, System.Globalization.CultureInfo.InvariantCulture),
            _ => field.Value,
        },
    })
    { Text = field.Value };

    private static Drop Routes(Page page) => Drop.Of("routes",
        ("root_url", () => page.Path("/")), ("cart_url", () => page.Path("/cart")), ("cart_add_url", () => page.Path("/cart/add")),
        ("collections_url", () => page.Path("/collections")), ("all_products_collection_url", () => page.Path("/collections/all")),
        ("search_url", () => page.Path("/search")), ("account_login_url", () => page.Path("/account/login")));

    private static Drop Language(Page page, string locale) => Drop.Of("locale",
        ("iso_code", () => locale), ("endonym_name", () => locale == "de" ? "Deutsch" : "English"),
        ("primary", () => locale == Locales.Default), ("root_url", () => locale == Locales.Default ? "/" : "/" + locale),
        ("name", () => locale == "de" ? "German" : "English"));

    private Drop CartOf(Page page) => Drop.Of("cart",
        ("item_count", () => page.Cart.Count), ("total_price", () => Cents(page.Cart.Total)),
        ("currency", () => Drop.Of("currency", ("iso_code", () => Product.Currency), ("symbol", () => "€"))),
        ("items", () => page.Cart.Lines.Select(line => Drop.Of("line_item",
            ("product", () => ProductOf(page, line.Product)), ("quantity", () => line.Quantity),
            ("id", () => line.Product.Id), ("final_line_price", () => Cents(line.Total))))));

    private static Drop? Image(Product product) => product.Image is null ? null : new Drop("image", new Dictionary<string, Func<object?>>
    {
        ["src"] = () => $"/cdn/shop/files/{product.Image}?v=1",
        ["alt"] = () => product.Title,
        ["width"] = () => 800,
        ["height"] = () => 800,
    })
    { Text = $"/cdn/shop/files/{product.Image}?v=1" };

    private static long Cents(decimal euros) => (long)(euros * 100);

    [GeneratedRegex("[^a-z0-9]+")]
    private static partial Regex NotInHandle();
}
