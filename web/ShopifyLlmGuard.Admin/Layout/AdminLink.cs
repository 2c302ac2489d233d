using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace ShopifyLlmGuard.Admin.Layout;

/// <summary>Addresses inside the admin. A full load without the shop's context costs Shopify an extra round, so links carry it.</summary>
internal static class AdminLink
{
    // Not id_token and hmac: they are spent after a minute.
    private static readonly string[] Context = ["shop", "host", "embedded", "locale"];

    /// <summary>The path with the current request's context, and with what a form has just done, if anything.</summary>
    public static string To(NavigationManager navigation, string path, string? done = null)
    {
        var current = QueryHelpers.ParseQuery(new Uri(navigation.Uri).Query);
        var kept = Context.Where(current.ContainsKey).ToDictionary(key => key, key => current[key].FirstOrDefault());
        return QueryHelpers.AddQueryString(path, done is null ? kept : new Dictionary<string, string?>(kept) { ["done"] = done });
    }

    /// <summary>
    /// After a post. NavigationManager would send a whole address, and behind a proxy that ends TLS it would be one with http,
    /// which the browser refuses inside Shopify's frame.
    /// </summary>
    public static void Redirect(HttpContext? context, string address) => context?.Response.Redirect(address);
}
