namespace ShopifyLlmGuard.Serving;

/// <summary>Why an answer or a feature is not live: a small closed set, the same in headers, metrics, rows and the admin.</summary>
public static class Reasons
{
    // A feature is not live.
    public const string Bypass = "bypass";
    public const string FlagOff = "flag-off";
    public const string Pinned = "pinned";
    public const string NoEligibleEndpoint = "no-eligible-endpoint";
    public const string Degraded = "degraded";

    // One answer is not live.
    public const string Timeout = "timeout";
    public const string EndpointUnreachable = "endpoint-unreachable";
    public const string EndpointError = "endpoint-error";
    public const string EndpointBusy = "endpoint-busy";

    /// <summary>The endpoint does not accept these words: too long, or malformed.</summary>
    public const string RequestRefused = "request-refused";

    /// <summary>Another endpoint's answer came first.</summary>
    public const string Outrun = "outrun";

    public const string BreakerOpen = "breaker-open";
    public const string BulkheadFull = "bulkhead-full";
    public const string IncompleteAnswer = "incomplete-answer";
    public const string EmptyAnswer = "empty-answer";
    public const string UnusableAnswer = "unusable-answer";
    public const string CatalogUnavailable = "catalog-unavailable";
    public const string NoCandidates = "no-candidates";
    public const string Emergency = "emergency";

    /// <summary>The merchant has answered this question in person; no model could know it better.</summary>
    public const string Faq = "faq";

    public const string Cancelled = "cancelled";
    public const string InternalError = "internal-error";

    /// <summary>Every reason.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        Bypass, FlagOff, Pinned, NoEligibleEndpoint, Degraded, Timeout, EndpointUnreachable, EndpointError, EndpointBusy,
        RequestRefused, Outrun,
        BreakerOpen, BulkheadFull, IncompleteAnswer, EmptyAnswer, UnusableAnswer, CatalogUnavailable, NoCandidates,
        Emergency, Faq, Cancelled, InternalError,
    ];
}
