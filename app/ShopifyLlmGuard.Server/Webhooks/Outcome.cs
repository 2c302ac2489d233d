namespace ShopifyLlmGuard.Server.Webhooks;

/// <summary>How an attempt at a delivery ended.</summary>
/// <param name="IsOver">Whether the delivery needs no other attempt.</param>
/// <param name="Reason">A kind of error, kept with the delivery; null when all was done.</param>
internal readonly record struct Outcome(bool IsOver, string? Reason)
{
    public static Outcome Done => new(true, null);

    /// <summary>Something is in the way; another attempt may succeed.</summary>
    public static Outcome Later(string reason) => new(false, reason);

    /// <summary>It must not be done, and never will be.</summary>
    public static Outcome Stopped(string reason) => new(true, reason);
}
