using ShopifyLlmGuard.Fallbacks;
using ShopifyLlmGuard.Flags;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Chat;

/// <summary>Answers shoppers.</summary>
public sealed class ChatAssistant(ServingBoard serving, FallbackBoard fallbacks)
{
    /// <summary>Answers within the chat's budget. Never throws for anything that may be expected to fail.</summary>
    public Task<Answer> AnswerAsync(string shop, ChatQuestion question, CancellationToken cancellationToken = default)
    {
        var decision = serving.Decide(shop, Features.Chat);
        var reply = decision.Mode == Mode.Off ? ChatReply.Empty : FallbackAnswers.For(fallbacks.Read(shop), question.Message);
        return Task.FromResult(new Answer(
            Features.Chat, decision.Mode, Sources.Static, decision.Reason, reply, null, null, null)).WaitAsync(cancellationToken);
    }
}
