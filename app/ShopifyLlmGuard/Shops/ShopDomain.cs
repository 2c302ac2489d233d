using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace ShopifyLlmGuard.Shops;

/// <summary>The only form in which a shop's name is believed: <c>name.myshopify.com</c>, lower case.</summary>
public static partial class ShopDomain
{
    /// <summary>Reads a domain in any case; null when it is none.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out string? domain)
    {
        domain = text is { Length: <= 100 } && Form().IsMatch(text) ? text.ToLowerInvariant() : null;
        return domain is not null;
    }

    [GeneratedRegex(@"\A[a-zA-Z0-9][a-zA-Z0-9\-]*\.myshopify\.com\z", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
