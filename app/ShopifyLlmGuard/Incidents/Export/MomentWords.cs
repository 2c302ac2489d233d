using System.Globalization;

namespace ShopifyLlmGuard.Incidents.Export;

/// <summary>A moment in UTC and, where that differs, on the wall clock of the configured zone.</summary>
public static class MomentWords
{
    public static string Of(DateTimeOffset moment, IncidentOptions options)
    {
        var utc = moment.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);
        return options.Zone == "UTC" ? utc
            : $"{utc} ({TimeZoneInfo.ConvertTime(moment, options.TimeZone).ToString("yyyy-MM-dd HH:mm:ss zzz", CultureInfo.InvariantCulture)} {options.Zone})";
    }
}
