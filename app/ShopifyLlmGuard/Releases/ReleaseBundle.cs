using System.Text.Json.Serialization;
using ShopifyLlmGuard.Llm;

namespace ShopifyLlmGuard.Releases;

/// <summary>Everything that shapes a feature's live answers. What is null is as the guard has it by itself.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ReleaseBundle
{
    /// <summary>The only model that may answer, as endpoints name it; null for any.</summary>
    public string? Model { get; init; }

    /// <summary>The type of the model's weights, e.g. <c>Q8_0</c>; hosts that tell theirs must have the same. Null for any.</summary>
    public string? Quantisation { get; init; }

    /// <summary>The chat template, as <c>sha256:</c> and the digest of its text; hosts that tell theirs must have the same. Null for any.</summary>
    public string? Template { get; init; }

    /// <summary>The system message, with <c>{shop}</c> and <c>{products}</c> where they shall stand.</summary>
    public string? Prompt { get; init; }

    public ReleaseSampling Sampling { get; init; } = new();
    public ReleaseLimits Limits { get; init; } = new();

    /// <summary>What it must be able to answer before it may answer anyone. At least one.</summary>
    public IReadOnlyList<GoldenPrompt> Golden { get; init; } = [];

    /// <summary>The system message for a shop and its products; <paramref name="usual"/> when the release has none of its own.</summary>
    internal string SystemMessage(string shopName, IReadOnlyList<PromptProduct> products, Func<string, IReadOnlyList<PromptProduct>, string> usual) =>
        Prompt is null ? usual(shopName, products)
            : Prompt.Replace("{shop}", shopName, StringComparison.Ordinal).Replace("{products}", PromptProduct.Render(products), StringComparison.Ordinal);

    /// <summary>How the model shall write.</summary>
    /// <param name="usualMaxTokens">The feature's own limit.</param>
    internal Sampling ToSampling(int usualMaxTokens) => new(Limits.MaxTokens ?? usualMaxTokens)
    {
        Temperature = Sampling.Temperature, TopP = Sampling.TopP, FrequencyPenalty = Sampling.FrequencyPenalty,
        PresencePenalty = Sampling.PresencePenalty, Seed = Sampling.Seed, Stop = Sampling.Stop,
    };
}

/// <summary>How a release writes.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ReleaseSampling
{
    public float Temperature { get; init; }
    public float? TopP { get; init; }
    public float? FrequencyPenalty { get; init; }
    public float? PresencePenalty { get; init; }
    public long? Seed { get; init; }
    public IReadOnlyList<string> Stop { get; init; } = [];
}

/// <summary>How much a release may take.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ReleaseLimits
{
    /// <summary>The longest answer; null for the feature's own.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>The most products that a prompt holds; null for the feature's own.</summary>
    public int? Products { get; init; }
}

/// <summary>A question with a known kind of answer. Written by operators: it never holds a shopper's words.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record GoldenPrompt
{
    /// <summary>Short and unique in its release.</summary>
    public string Name { get; init; } = "";

    /// <summary>What the shopper asks; for recommendations, the title of the product that the shopper looks at.</summary>
    public string Ask { get; init; } = "";

    /// <summary>The products behind the markers, in order.</summary>
    public IReadOnlyList<PromptProduct> Products { get; init; } = [];

    /// <summary>Each must stand in the answer, in any case of letters.</summary>
    public IReadOnlyList<string> Must { get; init; } = [];

    /// <summary>None may stand in it.</summary>
    public IReadOnlyList<string> MustNot { get; init; } = [];
}
