using ShopifyLlmGuard.Incidents.Clocks;
using ShopifyLlmGuard.Incidents.Judgement;

namespace ShopifyLlmGuard.Admin.Words;

/// <summary>Clocks and findings in a merchant's words. Colour only underlines what the label says.</summary>
internal static class ClockWords
{
    public static (string Label, string Tone) Of(ClockState state) => state switch
    {
        ClockState.Waiting => ("Not started", "neutral"),
        ClockState.NotRequired => ("Not required", "neutral"),
        ClockState.Running => ("Running", "info"),
        ClockState.DueSoon => ("Due soon", "warning"),
        ClockState.Overdue => ("Overdue", "critical"),
        ClockState.Met => ("Met", "success"),
        _ => ("Met late", "warning"),
    };

    public static string Of(YesNo answer) => answer switch { YesNo.Yes => "Yes", YesNo.No => "No", _ => "Not known" };

    public static string Topic(string topic) => $"{char.ToUpperInvariant(Topics.Label(topic)[0])}{Topics.Label(topic)[1..]}";
}
