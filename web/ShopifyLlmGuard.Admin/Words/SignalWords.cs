using ShopifyLlmGuard.Incidents.Signals;

namespace ShopifyLlmGuard.Admin.Words;

/// <summary>What was done about a signal, in a merchant's words.</summary>
internal static class SignalWords
{
    public static string Of(string outcome) => outcome switch
    {
        SignalOutcomes.Held => "Features are held until it ends.",
        SignalOutcomes.Released => "It has ended, and what it held is released.",
        SignalOutcomes.Unhandled => "Nothing: no rule knows it.",
        _ => "Nothing had to be changed.",
    };
}
