using ShopifyLlmGuard.Serving.Bypassing;

namespace ShopifyLlmGuard.Admin.Words;

/// <summary>Who switched to prepared content, and for whom, in a merchant's words.</summary>
internal static class BypassWords
{
    public static string Who(BypassHold hold, string? self) => hold.Way switch
    {
        BypassWay.Admin => $"Switched for your shop by {ActorWords.Of(hold.Author, self)}.",
        BypassWay.Command or BypassWay.Webhook => $"Switched for all shops by the operator ({hold.Author}); only the operator can switch it back.",
        _ => "Switched by the operator on this server; only the operator can switch it back.",
    };
}
