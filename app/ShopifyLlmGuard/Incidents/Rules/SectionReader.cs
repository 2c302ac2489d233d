using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace ShopifyLlmGuard.Incidents.Rules;

/// <summary>
/// Reads one part of the configuration and says everything that is wrong with it. The binder would ignore a name that it does not
/// know, and <c>Feature</c> for <c>Features</c> would hold every feature of every shop.
/// </summary>
internal sealed class SectionReader(IConfigurationSection section, ICollection<string> mistakes)
{
    private readonly HashSet<string> asked = new(StringComparer.OrdinalIgnoreCase);

    public string? Text(string name) => Ask(name).Value is { } text && !string.IsNullOrWhiteSpace(text) ? text.Trim() : null;

    /// <summary>A list, or one value as a list of one.</summary>
    public List<string> Texts(string name)
    {
        // A list may have an empty value beside its elements.
        var part = Ask(name);
        var texts = part.GetChildren().Select(child => child.Value ?? "").ToList();
        return [.. (texts.Count == 0 && part.Value is { Length: > 0 } one ? [one] : texts).Select(text => text.Trim())];
    }

    public TimeSpan Time(string name, TimeSpan otherwise, TimeSpan longest)
    {
        if (Text(name) is not { } text)
        {
            return otherwise;
        }

        if (TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var time) && time > TimeSpan.Zero && time <= longest)
        {
            return time;
        }

        Wrong(name, $"must be a time above zero and at most {longest:g}.");
        return otherwise;
    }

    public T Choice<T>(string name, T otherwise, params IReadOnlyCollection<T> choices) where T : struct, Enum
    {
        if (Text(name) is not { } text)
        {
            return otherwise;
        }

        if (Enum.TryParse<T>(text, ignoreCase: true, out var choice) && choices.Contains(choice))
        {
            return choice;
        }

        Wrong(name, $"must be one of {string.Join(", ", choices)}.");
        return otherwise;
    }

    public void Wrong(string name, string why) => mistakes.Add($"{section.Path}:{name} {why}");

    /// <summary>To be called last.</summary>
    public void NothingElse()
    {
        foreach (var child in section.GetChildren().Where(child => !asked.Contains(child.Key)))
        {
            Wrong(child.Key, $"is not known; there are {string.Join(", ", asked)}.");
        }
    }

    private IConfigurationSection Ask(string name)
    {
        asked.Add(name);
        return section.GetSection(name);
    }
}
