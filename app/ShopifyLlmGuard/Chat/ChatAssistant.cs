using Microsoft.Extensions.AI;
using ShopifyLlmGuard.Catalog;
using ShopifyLlmGuard.Fallbacks;
using ShopifyLlmGuard.Flags;
using ShopifyLlmGuard.Llm;
using ShopifyLlmGuard.Llm.Routing;
using ShopifyLlmGuard.Privacy;
using ShopifyLlmGuard.Releases;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Chat;

/// <summary>Answers shoppers: with the model when it can, with the merchant's own words when it cannot.</summary>
public sealed class ChatAssistant
{
    /// <summary>How many products a prompt holds.</summary>
    public const int ProductsInPrompt = 4;

    internal const int MaxTokens = 96;

    private const int MostTurns = 6;
    private readonly ServingBoard serving;
    private readonly FallbackBoard fallbacks;
    private readonly ProductShelf shelf;
    private readonly ReleaseBoard releases;
    private readonly LlmRouter router;
    private readonly AnswerBudget budget;

    internal ChatAssistant(
        ServingBoard serving, FallbackBoard fallbacks, ProductShelf shelf, ReleaseBoard releases, LlmRouter router, AnswerBudget budget) =>
        (this.serving, this.fallbacks, this.shelf, this.releases, this.router, this.budget) = (serving, fallbacks, shelf, releases, router, budget);

    /// <summary>Answers within the chat's budget, whatever fails. Only the caller's own cancellation ends it earlier.</summary>
    public async Task<Answer> AnswerAsync(string shop, ChatQuestion question, CancellationToken cancellationToken = default)
    {
        var talk = new Talk(shop, question, serving.Decide(shop, Features.Chat), fallbacks.Read(shop));
        var answer = await budget.AnswerAsync(
            shop, Features.Chat, (deadline, stop) => ThinkAsync(talk, deadline, stop), reason => Instead(talk, reason), cancellationToken);
        releases.Count(answer, talk.Pick);
        return answer;
    }

    private async Task<Answer> ThinkAsync(Talk talk, Deadline deadline, CancellationToken cancellationToken)
    {
        if (talk.Decision.Mode == Mode.Off)
        {
            return new Answer(Features.Chat, Mode.Off, Sources.Static, talk.Decision.Reason, ChatReply.Empty, null, null, null);
        }

        if (EmergencyPhrases.ReplyTo(talk.Question.Message, talk.Content) is { } help)
        {
            return new Answer(Features.Chat, talk.Decision.Mode, Sources.Static, Reasons.Emergency, help, null, null, null);
        }

        if (talk.Decision.Mode == Mode.Live && FallbackAnswers.Knows(talk.Content, talk.Question.Message))
        {
            return Instead(talk, Reasons.Faq);
        }

        var pick = releases.Choose(talk.Shop, Features.Chat, talk.Question.Visitor);
        var release = pick.Release;
        var redactor = new Redactor();
        var words = redactor.Redact(talk.Question.Message);
        var found = await shelf.SearchAsync(
            talk.Shop, words, BrownOut.Products(release.Bundle.Limits.Products ?? ProductsInPrompt, router.Load(Features.Chat)), deadline, cancellationToken);
        talk.Found = found ?? [];
        if (talk.Decision.Mode == Mode.Fallback || found is null)
        {
            return Instead(talk, talk.Decision.Reason ?? Reasons.CatalogUnavailable);
        }

        talk.Pick = pick;
        var call = new ModelCall(
            router.Caller(talk.Shop), Features.Chat, Prompt(talk, release, redactor, words), release.Bundle.ToSampling(MaxTokens))
        {
            Model = release.Bundle.Model, Release = release.Id,
        };
        var attempt = await router.AskAsync(call, deadline, cancellationToken);
        var problem = attempt.Text is null ? attempt.Reason : AnswerCheck.Problem(attempt.Text, talk.Found.Count);
        var answer = problem is null ? Live(talk, attempt, redactor) : Instead(talk, problem);
        return answer with { IsRefusal = RefusalPhrases.IsRefusal(attempt) };
    }

    private List<ChatMessage> Prompt(Talk talk, Release release, Redactor redactor, string words) =>
    [
        new(ChatRole.System, release.Bundle.SystemMessage(
            router.ShopName(talk.Shop), [.. talk.Found.Select(product => product.ForPrompt())], ChatPrompt.System)),
        .. talk.Question.Conversation.TakeLast(MostTurns).Select(turn => new ChatMessage(
            turn.Role == "assistant" ? ChatRole.Assistant : ChatRole.User, redactor.Redact(turn.Text))),
        new(ChatRole.User, words),
    ];

    private static Answer Live(Talk talk, Attempt attempt, Redactor redactor)
    {
        var (text, named) = AnswerCheck.Render(attempt.Text!, talk.Found);
        var contact = new ReplyLink(talk.Content.Contact.Label, talk.Content.Contact.Url);
        var reply = new ChatReply(redactor.Restore(text), [.. named.Select(product => product.Card())], [contact]);
        return new Answer(
            Features.Chat, Mode.Live, Sources.Live, null, reply, null, PublicationDesk.Disclosure,
            $"{attempt.Endpoint!.Id}; {attempt.Endpoint.Region}")
        {
            Release = talk.Pick?.Release.Id, TokenPace = attempt.TokenPace,
        };
    }

    // What was found before the failure still helps; the words are the merchant's.
    private static Answer Instead(Talk talk, string reason)
    {
        var reply = FallbackAnswers.For(talk.Content, talk.Question.Message);
        reply = reason == Reasons.Faq ? reply : reply with { Products = [.. talk.Found.Select(product => product.Card())] };
        return new Answer(Features.Chat, talk.Decision.Mode, Sources.Static, reason, reply, null, null, null) { Release = talk.Pick?.Release.Id };
    }

    private sealed record Talk(string Shop, ChatQuestion Question, Decision Decision, FallbackContent Content)
    {
        public IReadOnlyList<CatalogProduct> Found { get; set; } = [];

        /// <summary>Which release was asked; null until then.</summary>
        public ReleasePick? Pick { get; set; }
    }
}
