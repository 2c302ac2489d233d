using System.ComponentModel.DataAnnotations;
using ShopifyLlmGuard.Chat;

namespace ShopifyLlmGuard.Server.Storefront;

/// <summary>A shopper's question. Public, because the framework validates only public request types.</summary>
public sealed record ChatRequest
{
    /// <summary>1 to 500 characters, not only spaces.</summary>
    [Required, StringLength(500, MinimumLength = 1)] public string Message { get; init; } = "";

    /// <summary>At most six earlier turns, oldest first. The browser alone keeps them.</summary>
    [MaxLength(6)] public IReadOnlyList<EarlierTurn>? Conversation { get; init; }

    internal ChatQuestion ToQuestion() => new(Message, [.. (Conversation ?? []).Select(turn => new ChatTurn(turn.Role, turn.Text))]);
}

/// <summary>One earlier turn of the conversation.</summary>
public sealed record EarlierTurn
{
    [Required, AllowedValues("user", "assistant")] public string Role { get; init; } = "";

    // An answer is longer than a question may be.
    [Required, StringLength(2000, MinimumLength = 1)] public string Text { get; init; } = "";
}
