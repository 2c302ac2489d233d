using System.Globalization;
using System.Net;
using Fluid;
using Fluid.Values;

namespace ShopifyLlmGuard.Simulator.Storefront.Liquid;

/// <summary>Shopify's own filters on top of Liquid's, as far as this theme and the extension use them.</summary>
internal static class LiquidFilters
{
    // Fluid's own inventions, which Shopify does not have.
    private static readonly string[] Foreign =
        ["raw", "format_number", "format_string", "format_date", "time_zone"];

    public static void AddShopifyFilters(this FilterCollection filters, Locales locales, Func<string, string> assetUrl)
    {
        foreach (var name in Foreign)
        {
            filters.Remove(name);
        }

        filters.AddFilter("t", (input, arguments, context) => Text(locales.Translate(
            Page.Of(context).Locale,
            input.ToStringValue(),
            arguments.Names.ToDictionary(name => name, name => arguments[name].ToStringValue()))));
        filters.AddFilter("asset_url", (input, _, _) => Text(assetUrl(input.ToStringValue())));
        filters.AddFilter("money", (input, _, _) => Text("€" + Amount(input)));
        filters.AddFilter("money_with_currency", (input, _, _) => Text($"€{Amount(input)} EUR"));
        filters.AddFilter("money_without_currency", (input, _, _) => Text(Amount(input)));
        filters.AddFilter("image_url", (input, arguments, _) => Text(ImageUrl(input, arguments)));
        filters.AddFilter("stylesheet_tag", (input, _, _) =>
            Text($"""<link href="{WebUtility.HtmlEncode(input.ToStringValue())}" rel="stylesheet" type="text/css" media="all">"""));
        filters.AddFilter("script_tag", (input, _, _) =>
            Text($"""<script src="{WebUtility.HtmlEncode(input.ToStringValue())}"></script>"""));
    }

    private static ValueTask<FluidValue> Text(string value) => new StringValue(value);

    // Prices are whole cents, as everywhere in Shopify's Liquid.
    private static string Amount(FluidValue cents) =>
        (cents.ToNumberValue() / 100).ToString("#,##0.00", CultureInfo.InvariantCulture);

    private static string ImageUrl(FluidValue image, FilterArguments arguments)
    {
        if (image.IsNil())
        {
            throw new FluidException("image_url was given nothing: test for the image first");
        }

        if (arguments["width"].IsNil() && arguments["height"].IsNil())
        {
            throw new FluidException("image_url needs a width or a height");
        }

        return $"{image.ToStringValue()}&width={arguments["width"].ToStringValue()}";
    }
}
