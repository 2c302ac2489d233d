using System.Security.Cryptography;
using System.Text;
using ShopifyLlmGuard.Inference.Llama.Gpu;

namespace ShopifyLlmGuard.Inference.Llama;

/// <summary>What one reading of a model file's header tells.</summary>
internal sealed record ModelHeader(ModelShape Shape, ModelLabel Label);

/// <summary>What a model file's header says about itself; null is what it does not say.</summary>
/// <param name="Quantisation">The type of most of its weights, e.g. <c>Q8_0</c>, as llama.cpp names it.</param>
/// <param name="Template">Its chat template, as <c>sha256:</c> and the digest of the template's text.</param>
internal sealed record ModelLabel(string? Quantisation, string? Template)
{
    // A header without a type of its own may carry a guess, which has this bit.
    private const long Guessed = 1024;

    // llama.cpp's file types by number; those in between were given up.
    private static readonly Dictionary<long, string> Types = new()
    {
        [0] = "F32", [1] = "F16", [2] = "Q4_0", [3] = "Q4_1", [7] = "Q8_0", [8] = "Q5_0", [9] = "Q5_1", [10] = "Q2_K", [11] = "Q3_K_S",
        [12] = "Q3_K_M", [13] = "Q3_K_L", [14] = "Q4_K_S", [15] = "Q4_K_M", [16] = "Q5_K_S", [17] = "Q5_K_M", [18] = "Q6_K", [19] = "IQ2_XXS",
        [20] = "IQ2_XS", [21] = "Q2_K_S", [22] = "IQ3_XS", [23] = "IQ3_XXS", [24] = "IQ1_S", [25] = "IQ4_NL", [26] = "IQ3_S", [27] = "IQ3_M",
        [28] = "IQ2_S", [29] = "IQ2_M", [30] = "IQ4_XS", [31] = "IQ1_M", [32] = "BF16", [36] = "TQ1_0", [37] = "TQ2_0", [38] = "MXFP4_MOE",
        [39] = "NVFP4", [40] = "Q1_0",
    };

    /// <param name="numbers">The header's whole numbers.</param>
    /// <param name="template">The header's chat template; null without one.</param>
    public static ModelLabel Of(IReadOnlyDictionary<string, long> numbers, string? template) => new(
        numbers.TryGetValue("general.file_type", out var type) && type < Guessed ? Types.GetValueOrDefault(type) : null,
        template is null ? null : $"sha256:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(template)))}");
}
