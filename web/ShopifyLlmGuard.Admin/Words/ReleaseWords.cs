using ShopifyLlmGuard.Releases;

namespace ShopifyLlmGuard.Admin.Words;

/// <summary>What happened to a feature's releases, in a merchant's words.</summary>
internal static class ReleaseWords
{
    public static string Of(RolloutChange change, string feature) => change.Step switch
    {
        RolloutStep.Started => $"{feature}: the new version {change.Candidate} began to answer {change.Percent} % of your visitors.",
        RolloutStep.Widened => $"{feature}: the new version {change.Candidate} now answers {change.Percent} % of your visitors.",
        RolloutStep.Promoted => $"{feature}: version {change.Stable} now answers everyone.",
        _ => $"{feature}: went back to version {change.Stable}.",
    };
}
