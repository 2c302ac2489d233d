namespace ShopifyLlmGuard.Admin.Parts;

/// <summary>A merchant's mistake in one of a feature's forms; the form shows it and what was typed.</summary>
/// <param name="Feature">The feature's key.</param>
/// <param name="Form">Which of the feature's forms.</param>
/// <param name="Sentence">What is wrong with the reason.</param>
/// <param name="Reason">The reason as it was typed.</param>
public sealed record FormMistake(string Feature, string Form, string Sentence, string? Reason)
{
    public const int LongestReason = 200;

    internal const string Switch = "switch";
    internal const string Pin = "pin";
    internal const string Release = "release";

    internal static FormMistake? Find(string feature, string form, string? reason, bool isRequired) => reason?.Trim().Length switch
    {
        null or 0 => isRequired ? new(feature, form, "Please say why: your colleagues will want to know.", reason) : null,
        > LongestReason => new(feature, form, $"The reason has {reason.Trim().Length} characters; at most {LongestReason} are allowed.", reason),
        _ => reason.Trim().Any(char.IsControl) ? new(feature, form, "The reason is one line, without control characters.", null) : null,
    };
}
