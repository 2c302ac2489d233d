using ShopifyLlmGuard.Llm;

namespace ShopifyLlmGuard.Chat;

/// <summary>The words that surround a shopper's question. The demo model is trained on exactly these.</summary>
public static class ChatPrompt
{
    /// <summary>The system message; the shopper's message follows as it is.</summary>
    public static string System(string shopName, IReadOnlyList<PromptProduct> products) =>
        $"You are the shop assistant of {shopName}. Answer in one or two short sentences. " +
        $"Name products only by their marker.\n{PromptProduct.Render(products)}";
}
