using System.Text.RegularExpressions;
using ShopifyLlmGuard.Flags;

namespace ShopifyLlmGuard.Releases;

/// <summary>What a release must be like before anyone keeps it. Pure.</summary>
internal static partial class ReleaseRules
{
    private const int LongestPrompt = 4000, LongestText = 500, MostGolden = 50, MostProducts = 8, MostTokens = 2048;

    /// <summary>Every mistake, each a sentence that says what to do.</summary>
    public static IReadOnlyList<string> Mistakes(string id, string feature, ReleaseBundle bundle) =>
    [
        .. Basics(id, feature, bundle),
        .. Sampling(bundle.Sampling),
        .. Golden(bundle.Golden),
    ];

    private static IEnumerable<string> Basics(string id, string feature, ReleaseBundle bundle)
    {
        if (!Name().IsMatch(id) || id == Release.BuiltIn)
        {
            yield return $"The name '{id}' must be 1 to 64 small letters, digits, dots and hyphens, and not '{Release.BuiltIn}'.";
        }

        if (Features.Find(feature) is null)
        {
            yield return $"There is no feature '{feature}'; there are {string.Join(", ", Features.All.Select(known => known.Key))}.";
        }

        if (bundle.Prompt is { } prompt && (prompt.Length > LongestPrompt || !prompt.Contains("{products}", StringComparison.Ordinal)))
        {
            yield return $"prompt must hold {{products}}, where the products shall stand, and at most {LongestPrompt} characters.";
        }

        if (bundle.Quantisation is { } weights && !Weights().IsMatch(weights))
        {
            yield return "quantisation must be the type of the model's weights as hosts tell it, such as Q8_0 or F16.";
        }

        if (bundle.Template is { } template && !Digest().IsMatch(template))
        {
            yield return "template must be 'sha256:' and the 64 digits of the chat template's digest, as hosts tell it.";
        }

        if (bundle.Limits.MaxTokens is < 16 or > MostTokens)
        {
            yield return $"limits.maxTokens must be 16 to {MostTokens}.";
        }

        if (bundle.Limits.Products is < 1 or > MostProducts)
        {
            yield return $"limits.products must be 1 to {MostProducts}.";
        }
    }

    private static IEnumerable<string> Sampling(ReleaseSampling sampling)
    {
        if (sampling.Temperature is not (>= 0 and <= 2))
        {
            yield return "sampling.temperature must be 0 to 2.";
        }

        if (sampling.TopP is not (null or (> 0 and <= 1)))
        {
            yield return "sampling.topP must be above 0 and at most 1.";
        }

        if (sampling.FrequencyPenalty is not (null or (>= -2 and <= 2)) || sampling.PresencePenalty is not (null or (>= -2 and <= 2)))
        {
            yield return "sampling.frequencyPenalty and sampling.presencePenalty must be -2 to 2.";
        }

        if (sampling.Stop.Count > 4 || sampling.Stop.Any(stop => stop.Length is 0 or > 64))
        {
            yield return "sampling.stop holds at most 4 texts of 1 to 64 characters.";
        }
    }

    private static IEnumerable<string> Golden(IReadOnlyList<GoldenPrompt> golden)
    {
        if (golden.Count is 0 or > MostGolden)
        {
            yield return $"golden must hold 1 to {MostGolden} prompts: without one nobody knows whether the release can answer at all.";
        }

        foreach (var twice in golden.GroupBy(prompt => prompt.Name).Where(same => same.Key.Length == 0 || same.Count() > 1))
        {
            yield return $"golden: each prompt needs a name of its own; '{twice.Key}' stands {twice.Count()} times.";
        }

        foreach (var prompt in golden.Where(prompt => prompt.Ask.Length is 0 or > LongestText || prompt.Products.Count is 0 or > MostProducts))
        {
            yield return $"golden '{prompt.Name}': ask must be 1 to {LongestText} characters, and products 1 to {MostProducts}.";
        }
    }

    [GeneratedRegex("^[a-z0-9][a-z0-9.-]{0,63}$")]
    private static partial Regex Name();

    [GeneratedRegex("^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}$")]
    private static partial Regex Weights();

    [GeneratedRegex("^sha256:[0-9a-fA-F]{64}$")]
    private static partial Regex Digest();
}
