using System.Text.Json;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Protections;

/// <summary>What stands between a failure and a shopper. Each one must prove itself; an unproven one says so.</summary>
public enum Protection
{
    /// <summary>A real timer cut an answer and the fallback was shown.</summary>
    Deadline,

    /// <summary>An open breaker kept a call away from an endpoint that fails.</summary>
    Breaker,

    /// <summary>A call found no place and was not left waiting.</summary>
    Bulkhead,

    /// <summary>A call was not sent, because no endpoint may see its words.</summary>
    Residency,

    /// <summary>A bypass took the model away from every answer.</summary>
    Bypass,

    /// <summary>An alert from outside switched a feature.</summary>
    IncidentToggle,

    /// <summary>A bad release was taken back.</summary>
    Rollback,

    /// <summary>Shopify holds that a feature serves its fallback, so that pages do without us.</summary>
    FallbackPublication,
}

/// <summary>Names and causes of protections.</summary>
public static class ProtectionWords
{
    /// <summary>The word in metrics, rows and the command line, such as <c>incident-toggle</c>.</summary>
    public static string Key(this Protection protection) => JsonNamingPolicy.KebabCaseLower.ConvertName(protection.ToString());

    /// <summary>The protection that gives this reason for not sending a call to a model; null when none does.</summary>
    internal static Protection? ThatSays(string? reason) => reason switch
    {
        Reasons.BreakerOpen => Protection.Breaker,
        Reasons.BulkheadFull => Protection.Bulkhead,
        _ => null,
    };
}
