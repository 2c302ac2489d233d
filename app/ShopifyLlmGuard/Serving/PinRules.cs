using ShopifyLlmGuard.Flags;

namespace ShopifyLlmGuard.Serving;

/// <summary>What a pin must say before it may hold anything. Pure.</summary>
public static class PinRules
{
    public const int LongestReason = 200;
    public const int LongestActor = 100;

    /// <summary>A pin that is forgotten ends by itself after this; one that must stay has no expiry, and somebody releases it.</summary>
    public static readonly TimeSpan LongestHold = TimeSpan.FromDays(30);

    /// <summary>Everything that is wrong, in whole sentences.</summary>
    public static IReadOnlyList<string> Mistakes(PinRequest request, Func<string, bool> isInstalled) =>
    [
        .. Text("reason", request.Reason, LongestReason),
        .. Text("actor", request.Actor, LongestActor),
        .. request.Shop is { } shop && !isInstalled(shop) ? [$"No shop '{shop}' has the app."] : Array.Empty<string>(),
        .. request.Feature is { } feature && Features.Find(feature) is null
            ? [$"There is no feature '{feature}'; there are {string.Join(", ", Features.All.Select(known => known.Key))}."] : Array.Empty<string>(),
        .. Enum.IsDefined(request.Mode) && Enum.IsDefined(request.Holder) ? Array.Empty<string>() : ["The mode or the holder does not exist."],
        .. request.For <= TimeSpan.Zero ? ["A pin must end in the future."] : Array.Empty<string>(),
        .. request.For > LongestHold ? [$"A pin may last {LongestHold.TotalDays:0} days, or until somebody releases it."] : Array.Empty<string>(),
    ];

    private static IEnumerable<string> Text(string name, string? text, int longest)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            yield return $"A pin needs {(name == "actor" ? "an" : "a")} {name}.";
        }
        else if (text.Length > longest)
        {
            yield return $"The {name} has {text.Length} characters; at most {longest} are allowed.";
        }
        else if (text.Any(char.IsControl))
        {
            yield return $"The {name} is one line, without control characters.";
        }
    }
}
