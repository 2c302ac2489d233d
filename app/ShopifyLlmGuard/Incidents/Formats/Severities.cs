using ShopifyLlmGuard.Incidents.Signals;

namespace ShopifyLlmGuard.Incidents.Formats;

/// <summary>The many words for how bad something is.</summary>
internal static class Severities
{
    public static Severity Of(string? word) => word?.ToUpperInvariant() switch
    {
        "CRITICAL" or "FATAL" or "EMERGENCY" or "PAGE" or "P1" or "SEV1" => Severity.Critical,
        "ERROR" or "MAJOR" or "HIGH" or "P2" or "SEV2" => Severity.Error,
        "WARNING" or "WARN" or "MINOR" or "MEDIUM" or "MODERATE" or "P3" or "SEV3" => Severity.Warning,
        "INFO" or "NOTICE" or "LOW" or "NORMAL" or "NONE" or "P4" or "P5" or "SEV4" or "SEV5" => Severity.Info,
        _ => Severity.Unknown,
    };

    /// <summary>The first word that says something.</summary>
    public static Severity FirstOf(params IEnumerable<string?> words) => words.Select(Of).FirstOrDefault(severity => severity != Severity.Unknown);
}
