namespace ShopifyLlmGuard.Data;

/// <summary>Times as the database keeps them, so that what is written equals what is read back.</summary>
internal static class DatabaseTime
{
    public static DateTimeOffset Of(TimeProvider clock) => Of(clock.GetUtcNow())!.Value;

    public static DateTimeOffset? Of(DateTimeOffset? moment) =>
        moment?.ToUniversalTime() is { } exact ? exact.AddTicks(-(exact.Ticks % TimeSpan.TicksPerMicrosecond)) : null;
}
