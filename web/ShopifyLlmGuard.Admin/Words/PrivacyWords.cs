using ShopifyLlmGuard.Privacy;

namespace ShopifyLlmGuard.Admin.Words;

/// <summary>Shopify's privacy topics in a merchant's words.</summary>
internal static class PrivacyWords
{
    public static string Request(string kind) => kind switch
    {
        PrivacyRecord.DataRequest => "A customer asked for their data",
        PrivacyRecord.CustomerRedaction => "A customer's data had to be erased",
        PrivacyRecord.ShopRedaction => "The shop's data had to be erased, after the app was removed",
        _ => kind,
    };
}
