using System.Text.RegularExpressions;

namespace ShopifyLlmGuard.Incidents.Rules;

/// <summary>
/// One condition on a label, written as Alertmanager's: <c>severity="critical"</c>, <c>region!=us</c>, <c>alertname=~"Guard.*"</c>,
/// <c>team!~web|shop</c>. A pattern must match the whole value; a label that is missing is empty.
/// </summary>
internal sealed partial class Matcher
{
    private readonly string value;
    private readonly Regex? pattern;
    private readonly bool wanted;

    private Matcher(string label, string value, Regex? pattern, bool wanted) =>
        (Label, this.value, this.pattern, this.wanted) = (label, value, pattern, wanted);

    public string Label { get; }

    /// <summary>Reads it; null with a mistake when it is none.</summary>
    public static Matcher? Parse(string text, out string? mistake)
    {
        mistake = null;
        if (Parts().Match(text) is not { Success: true } match)
        {
            mistake = $"'{text}' is no matcher; write for instance severity=\"critical\" or alertname=~\"Guard.*\".";
            return null;
        }

        var (operation, value) = (match.Groups[2].Value, match.Groups[4].Success ? match.Groups[4].Value : match.Groups[3].Value);
        try
        {
            var pattern = operation.EndsWith('~')
                ? new Regex($@"\A(?:{value})\z", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant) : null;
            return new Matcher(match.Groups[1].Value, value, pattern, operation[0] == '=');
        }
        catch (Exception exception) when (exception is ArgumentException or NotSupportedException)
        {
            mistake = $"'{value}' is no pattern that can be matched in linear time.";
            return null;
        }
    }

    public bool Matches(Func<string, string> valueOf)
    {
        var given = valueOf(Label);
        return (pattern?.IsMatch(given) ?? given == value) == wanted;
    }

    [GeneratedRegex("""\A\s*([A-Za-z_][A-Za-z0-9_.-]*)\s*(=~|!~|!=|=)\s*("([^"]*)"|[^"\s]+)\s*\z""")]
    private static partial Regex Parts();
}
