using System.Globalization;

namespace ShopifyLlmGuard.Admin.Words;

/// <summary>A moment as a browser's field holds it: a wall clock without a zone, beside the browser's zone.</summary>
internal static class MomentWords
{
    public const string Mistake = "The moment could not be read. Leave it empty for now, or choose a date and a time.";

    /// <param name="text">E.g. <c>2026-11-24T09:30</c>; nothing means now.</param>
    /// <param name="zone">The browser's IANA time zone; UTC when unknown.</param>
    /// <param name="moment">The moment; null means now.</param>
    public static bool TryRead(string? text, string? zone, out DateTimeOffset? moment)
    {
        moment = null;
        if (string.IsNullOrWhiteSpace(text))
        {
            return true;
        }

        if (!DateTime.TryParseExact(text, ["yyyy-MM-dd'T'HH:mm", "yyyy-MM-dd'T'HH:mm:ss"], CultureInfo.InvariantCulture, DateTimeStyles.None, out var wall))
        {
            return false;
        }

        var place = zone is not null && TimeZoneInfo.TryFindSystemTimeZoneById(zone, out var found) ? found : TimeZoneInfo.Utc;

        // Where the clock is set back the hour comes twice: the first one makes the earlier deadline.
        var offset = place.IsAmbiguousTime(wall) ? place.GetAmbiguousTimeOffsets(wall).Max() : place.GetUtcOffset(wall);
        moment = new DateTimeOffset(wall, offset).ToUniversalTime();
        return true;
    }
}
