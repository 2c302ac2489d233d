using ShopifyLlmGuard.Simulator.Storefront.Liquid;

namespace ShopifyLlmGuard.Simulator.Storefront;

/// <summary>Which language a page speaks: the address decides (<c>/de/…</c>), else what the browser prefers.</summary>
internal static class StorefrontLanguage
{
    public const string Item = "storefront-language";

    public static IApplicationBuilder UseStorefrontLanguage(this IApplicationBuilder app) => app.Use((http, next) =>
    {
        var prefix = Locales.Published.Skip(1).FirstOrDefault(locale => http.Request.Path.StartsWithSegments("/" + locale));
        if (prefix is not null)
        {
            http.Request.Path.StartsWithSegments("/" + prefix, out var rest);
            http.Request.PathBase += "/" + prefix;
            http.Request.Path = rest.HasValue ? rest : "/";
        }

        http.Items[Item] = prefix ?? Preferred(http.Request) ?? Locales.Default;
        return next(http);
    });

    private static string? Preferred(HttpRequest request) => request.GetTypedHeaders().AcceptLanguage
        .OrderByDescending(language => language.Quality ?? 1)
        .Select(language => language.Value.ToString().Split('-')[0].ToLowerInvariant())
        .FirstOrDefault(language => Locales.Published.Contains(language));
}
