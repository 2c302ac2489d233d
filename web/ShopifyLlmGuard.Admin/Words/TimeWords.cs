using System.Globalization;

namespace ShopifyLlmGuard.Admin.Words;

/// <summary>Moments in words, in UTC. The script shows the same moment in the browser's own time zone.</summary>
internal static class TimeWords
{
    public static string Absolute(DateTimeOffset moment) =>
        moment.UtcDateTime.ToString("d MMM yyyy, HH:mm 'UTC'", CultureInfo.InvariantCulture);

    public static string Machine(DateTimeOffset moment) =>
        moment.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>"3 minutes ago", "in 2 hours", "just now".</summary>
    public static string Relative(DateTimeOffset moment, DateTimeOffset now)
    {
        var distance = (now - moment).Duration();
        if (distance < TimeSpan.FromMinutes(1))
        {
            return "just now";
        }

        var words = distance.TotalDays >= 1 ? Count((int)distance.TotalDays, "day")
            : distance.TotalHours >= 1 ? Count((int)distance.TotalHours, "hour")
            : Count((int)distance.TotalMinutes, "minute");
        return moment > now ? $"in {words}" : $"{words} ago";
    }

    private static string Count(int number, string unit) => number == 1 ? $"1 {unit}" : $"{number} {unit}s";
}
