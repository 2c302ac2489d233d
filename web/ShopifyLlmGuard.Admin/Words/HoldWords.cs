namespace ShopifyLlmGuard.Admin.Words;

/// <summary>How long a mode can be held, as the form offers it.</summary>
internal static class HoldWords
{
    public const string Hour = "hour";
    public const string Tomorrow = "tomorrow";
    public const string Released = "released";

    private static readonly TimeSpan Morning = TimeSpan.FromHours(8);

    public static IReadOnlyList<(string Key, string Label)> All { get; } =
        [(Hour, "1 hour"), (Tomorrow, "Until tomorrow, 08:00"), (Released, "Until someone releases it")];

    /// <summary>How long from now; null has no end. False when the form never offered the key.</summary>
    /// <param name="key">One of the three keys.</param>
    /// <param name="zone">The browser's IANA time zone; UTC when unknown.</param>
    /// <param name="now">The present.</param>
    /// <param name="length">The length.</param>
    public static bool TryRead(string? key, string? zone, DateTimeOffset now, out TimeSpan? length)
    {
        length = key switch
        {
            Hour => TimeSpan.FromHours(1),
            Tomorrow => UntilTomorrow(zone, now),
            _ => null,
        };
        return key is Hour or Tomorrow or Released;
    }

    private static TimeSpan UntilTomorrow(string? zone, DateTimeOffset now)
    {
        var place = zone is not null && TimeZoneInfo.TryFindSystemTimeZoneById(zone, out var found) ? found : TimeZoneInfo.Utc;
        var morning = TimeZoneInfo.ConvertTime(now, place).Date.AddDays(1) + Morning;
        return new DateTimeOffset(morning, place.GetUtcOffset(morning)) - now;
    }
}
