namespace ShopifyLlmGuard.Inference.Llama;

/// <summary>Chooses tokens for one sequence; keeps the random state, the penalties and the grammar's place between them.</summary>
internal interface ILlmSampler : IDisposable
{
    /// <summary>True once no token of the vocabulary goes on as the grammar wants; the answer cannot be finished.</summary>
    bool IsStuck { get; }

    /// <summary>It takes the likeliest token, whatever was said before: no library is needed for that.</summary>
    bool IsPlain { get; }
}

/// <param name="Temperature">0 always takes the likeliest token.</param>
/// <param name="TopP">Only the likeliest tokens that together reach this probability are drawn from; 1 is all of them.</param>
/// <param name="Seed">The same seed draws the same tokens from the same prompt.</param>
internal sealed record SamplingSettings(float Temperature, float TopP, uint Seed)
{
    /// <summary>Penalties look back at so many tokens of the answer.</summary>
    public const int PenaltyReach = 4096;

    /// <summary>A grammar looks at so many of the likeliest tokens before it looks at all of a large vocabulary.</summary>
    public const int FirstLook = 512;

    public static SamplingSettings Greedy { get; } = new(0, 1, 0);

    /// <summary>Only so many of the likeliest tokens are drawn from; 0 is all of them.</summary>
    public int TopK { get; init; }

    /// <summary>Tokens below this share of the likeliest one's probability are not drawn; 0 is none.</summary>
    public float MinP { get; init; }

    /// <summary>Taken from a token's score for every time that the answer has it already.</summary>
    public float FrequencyPenalty { get; init; }

    /// <summary>Taken from a token's score once when the answer has it already.</summary>
    public float PresencePenalty { get; init; }

    /// <summary>Divides a positive score, and multiplies a negative one, of a token that the answer has already; 1 is none.</summary>
    public float RepetitionPenalty { get; init; } = 1;

    /// <summary>llama.cpp's GBNF with the start rule <c>root</c>; null lets the model write what it likes.
    /// It must be one that this program wrote: llama.cpp answers a broken one on standard error.</summary>
    public string? Grammar { get; init; }

    public bool IsGreedy => Temperature == 0;

    /// <summary>See <see cref="ILlmSampler.IsPlain"/>.</summary>
    public bool IsPlain => IsGreedy && !HasPenalties && Grammar is null;

    public bool HasPenalties => FrequencyPenalty != 0 || PresencePenalty != 0 || RepetitionPenalty != 1;

    /// <summary>The first value that is out of range; null when all of them can be used.</summary>
    public string? Mistake => this switch
    {
        { Temperature: not (>= 0 and <= 1e6f) } => nameof(Temperature),
        { TopP: not (> 0 and <= 1) } => nameof(TopP),
        { TopK: < 0 } => nameof(TopK),
        { MinP: not (>= 0 and <= 1) } => nameof(MinP),
        { FrequencyPenalty: not (>= -100 and <= 100) } => nameof(FrequencyPenalty),
        { PresencePenalty: not (>= -100 and <= 100) } => nameof(PresencePenalty),
        { RepetitionPenalty: not (> 0 and <= 100) } => nameof(RepetitionPenalty),
        { Grammar: "" } => nameof(Grammar),
        _ => null,
    };
}
