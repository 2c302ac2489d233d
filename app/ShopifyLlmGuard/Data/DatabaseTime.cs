namespace ShopifyLlmGuard.Data;

/// <summary>Times as the database keeps them, so that what is written equals what is read back.</summary>
internal static class DatabaseTime
{
    public static DateTimeOffset Of(TimeProvider clock)
    {
        var now = clock.GetUtcNow();
        return now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMicrosecond));
    }
}
