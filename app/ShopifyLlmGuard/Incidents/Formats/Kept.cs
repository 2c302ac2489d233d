using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace ShopifyLlmGuard.Incidents.Formats;

/// <summary>
/// What of a delivery may be kept. An allow-list: codes, hashes, labels that are named here or in a rule and whose values look like
/// codes, and links without queries. A sentence never passes.
/// </summary>
internal static partial class Kept
{
    private const int Longest = 100, MostLabels = 32, MostLinks = 5, LongestLink = 500;

    // Names that operators choose for their rules, not what happened: they may have blanks, and become codes.
    private static readonly FrozenSet<string> Names = FrozenSet.Create(StringComparer.Ordinal, "alertname", "condition", "policy");

    private static readonly FrozenSet<string> Labels = FrozenSet.Create(
        StringComparer.Ordinal, "alertname", "condition", "policy", "cluster", "endpoint", "env", "environment", "feature", "instance", "job", "mode", "monitor",
        "namespace", "priority", "reason", "region", "service", "severity", "shop", "team", "type");

    /// <summary>The text if it is a code; null otherwise.</summary>
    public static string? Code(string? text) => text is not null && IsCode().IsMatch(text) ? text : null;

    /// <summary>The text as a code if it is one, or else a hash that is the same for the same text.</summary>
    public static string CodeOrHash(string text) => Code(text) ?? Hash(text)[..32];

    /// <summary>A name that somebody has given to a rule, as a code: what does not fit becomes a hyphen.</summary>
    public static string? Name(string? text)
    {
        var code = text is null ? "" : NoCode().Replace(text, "-").Trim('-');
        return code.Length == 0 ? null : code[..Math.Min(code.Length, Longest)];
    }

    /// <summary>One key of several parts.</summary>
    public static string Hash(params IEnumerable<string> parts) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\0', parts))));

    public static IReadOnlyDictionary<string, string> AllowedLabels(IEnumerable<(string Name, string Value)> labels, RawDelivery delivery)
    {
        var kept = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in labels)
        {
            var allowed = Labels.Contains(name) || delivery.ExtraLabels.Contains(name);
            if (allowed && kept.Count < MostLabels && (Names.Contains(name) ? Name(value) : Code(value)) is { } code)
            {
                kept[name] = code;
            }
        }

        return kept;
    }

    /// <summary>Web addresses without their queries, fragments and passwords, and without a path that holds more than codes.</summary>
    public static IReadOnlyList<string> Links(params IEnumerable<string?> links) =>
    [
        .. (from link in links
            let uri = Uri.TryCreate(link, UriKind.Absolute, out var address) && address.Scheme is "http" or "https" ? address : null
            where uri is not null
            let kept = uri.GetComponents(
                IsPath().IsMatch(uri.AbsolutePath) ? UriComponents.SchemeAndServer | UriComponents.Path : UriComponents.SchemeAndServer, UriFormat.UriEscaped)
            where kept.Length <= LongestLink
            select kept).Distinct(StringComparer.Ordinal).Take(MostLinks),
    ];

    // No blank, no @, nothing beyond ASCII.
    [GeneratedRegex(@"\A[A-Za-z0-9_.:/+-]{1,100}\z")]
    private static partial Regex IsCode();

    [GeneratedRegex(@"\A[A-Za-z0-9_.:/+~-]*\z")]
    private static partial Regex IsPath();

    [GeneratedRegex("[^A-Za-z0-9_.:/+-]+")]
    private static partial Regex NoCode();
}
