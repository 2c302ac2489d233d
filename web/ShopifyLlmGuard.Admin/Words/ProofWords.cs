using System.Globalization;
using ShopifyLlmGuard.Protections;

namespace ShopifyLlmGuard.Admin.Words;

/// <summary>Protections in a merchant's words.</summary>
internal static class ProofWords
{
    public static string Label(Protection protection) => protection switch
    {
        Protection.Deadline => "Time limit",
        Protection.Breaker => "Breaker",
        Protection.Bulkhead => "Limited places",
        Protection.Residency => "Jurisdiction",
        Protection.Bypass => "Bypass",
        Protection.IncidentToggle => "Alerts switch features",
        Protection.Rollback => "Automatic rollback",
        _ => "Fallback in your theme",
    };

    public static string What(Protection protection) => protection switch
    {
        Protection.Deadline => "Shows your prepared content when the model is late.",
        Protection.Breaker => "Leaves a model alone that fails, so that nobody waits for it.",
        Protection.Bulkhead => "Answers from prepared content, at once, when too many shoppers ask.",
        Protection.Residency => "Sends nothing to a model outside of the jurisdictions that the shop allows.",
        Protection.Bypass => "Takes the model away everywhere, even without a database.",
        Protection.IncidentToggle => "Switches a feature when a monitoring system reports trouble.",
        Protection.Rollback => "Takes back a new model or prompt that makes answers worse.",
        _ => "Tells Shopify to show prepared content without asking the guard at all.",
    };

    public static string Took(double milliseconds) => milliseconds < 1000
        ? string.Create(CultureInfo.InvariantCulture, $"{milliseconds:0} ms")
        : string.Create(CultureInfo.InvariantCulture, $"{milliseconds / 1000:0.0} s");
}
