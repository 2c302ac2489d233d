using System.Globalization;

namespace ShopifyLlmGuard.Inference.Engine;

/// <summary>Reads values of one configuration section and collects the mistakes instead of stopping at the first.</summary>
internal sealed class ConfiguredValues(IConfigurationSection section)
{
    public List<string> Mistakes { get; } = [];

    public string? Text(string key) => string.IsNullOrWhiteSpace(section[key]) ? null : section[key];

    public int Number(string key, int standard, int least, int most)
    {
        if (Text(key) is not { } text)
        {
            return standard;
        }

        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            && number >= least && number <= most)
        {
            return number;
        }

        Mistakes.Add($"{section.Key}:{key} must be a number from {least} to {most}, not '{text}'");
        return standard;
    }

    public bool Switch(string key, bool standard)
    {
        if (Text(key) is not { } text || bool.TryParse(text, out standard))
        {
            return standard;
        }

        Mistakes.Add($"{section.Key}:{key} must be true or false, not '{text}'");
        return standard;
    }

    public TimeSpan Duration(string key, TimeSpan standard)
    {
        if (Text(key) is not { } text)
        {
            return standard;
        }

        if (TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var duration) && duration > TimeSpan.Zero)
        {
            return duration;
        }

        Mistakes.Add($"{section.Key}:{key} must be a duration such as 00:05:00, not '{text}'");
        return standard;
    }
}
