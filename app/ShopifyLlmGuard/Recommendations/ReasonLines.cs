using System.Globalization;
using System.Text.RegularExpressions;
using ShopifyLlmGuard.Chat;

namespace ShopifyLlmGuard.Recommendations;

/// <summary>Reads the model's <c>[k] reason</c> lines.</summary>
internal static partial class ReasonLines
{
    private const int LongestReason = 160;

    /// <summary>Reasons by marker; null when any line is not what was asked for, or too few products got one.</summary>
    public static IReadOnlyDictionary<int, string>? Read(string text, int candidates)
    {
        var reasons = new Dictionary<int, string>();
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var match = Line().Match(line);
            if (!match.Success || !int.TryParse(match.Groups[1].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var marker))
            {
                return null;
            }

            var reason = match.Groups[2].Value.Trim();
            if (marker < 1 || marker > candidates || reason.Length is 0 or > LongestReason ||
                AnswerCheck.Problem(reason, candidates) is not null || AnswerCheck.Markers(reason).Any())
            {
                return null;
            }

            reasons.TryAdd(marker, reason);
        }

        return reasons.Count >= Math.Min(2, candidates) ? reasons : null;
    }

    [GeneratedRegex(@"^\[(\d{1,3})\]\s*[:\-]?\s*(.*)$")]
    private static partial Regex Line();
}
