using ShopifyLlmGuard.Llm;

namespace ShopifyLlmGuard.Recommendations;

/// <summary>The words that ask for one line of reason per recommended product.</summary>
public static class RecommendationPrompt
{
    public static string System(string shopName, IReadOnlyList<PromptProduct> candidates) =>
        $"You are the shop assistant of {shopName}. For each marker write one line: " +
        $"why it suits a shopper who looks at the product below.\n{PromptProduct.Render(candidates)}";

    /// <summary>The user message: the product that the shopper looks at. The answer is <c>[1] reason</c>, a line each.</summary>
    public static string User(PromptProduct viewed) => viewed.Line;
}
