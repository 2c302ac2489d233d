using Microsoft.Extensions.AI;
using ShopifyLlmGuard.Catalog;
using ShopifyLlmGuard.Chat;
using ShopifyLlmGuard.Flags;
using ShopifyLlmGuard.Llm;
using ShopifyLlmGuard.Releases;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Recommendations;

/// <summary>Recommends products beside a product. The catalogue chooses them; the model only says why.</summary>
public sealed class Recommender
{
    /// <summary>The most products that one answer holds.</summary>
    public const int MostItems = 4;

    internal const int MaxTokens = 160;

    private readonly ServingBoard serving;
    private readonly ProductShelf shelf;
    private readonly ReasonMemory memory;
    private readonly ReleaseBoard releases;
    private readonly LlmRouter router;
    private readonly AnswerBudget budget;

    internal Recommender(
        ServingBoard serving, ProductShelf shelf, ReasonMemory memory, ReleaseBoard releases, LlmRouter router, AnswerBudget budget) =>
        (this.serving, this.shelf, this.memory, this.releases, this.router, this.budget) = (serving, shelf, memory, releases, router, budget);

    /// <summary>Recommends within the budget, whatever fails. Only the caller's own cancellation ends it earlier.</summary>
    /// <param name="shop">The shop.</param>
    /// <param name="productId">The product that the shopper looks at.</param>
    /// <param name="limit">How many; at most <see cref="MostItems"/>.</param>
    /// <param name="visitor">Something that stays the same for a visitor and says nothing about them; empty when there is nothing.</param>
    /// <param name="cancellationToken">The shopper has left.</param>
    public async Task<Answer> RecommendAsync(
        string shop, long productId, int limit, string visitor = "", CancellationToken cancellationToken = default)
    {
        var page = new Page(
            shop, productId, Math.Clamp(limit, 1, MostItems), serving.Decide(shop, Features.Recommendations),
            releases.Choose(shop, Features.Recommendations, visitor));
        var answer = await budget.AnswerAsync(
            shop, Features.Recommendations, (deadline, stop) => ThinkAsync(page, deadline, stop), reason => Instead(page, reason),
            cancellationToken);
        releases.Count(answer, page.Pick);
        return answer;
    }

    private async Task<Answer> ThinkAsync(Page page, Deadline deadline, CancellationToken cancellationToken)
    {
        if (page.Decision.Mode == Mode.Off)
        {
            return Of(page, Sources.Static, page.Decision.Reason, []);
        }

        var (related, known) = await shelf.RelatedAsync(page.Shop, page.ProductId, deadline, cancellationToken);
        page.Viewed = related?.Viewed;
        page.Candidates = [.. (related?.Related ?? []).Take(page.Limit)];
        if (page.Decision.Mode == Mode.Fallback || page.Candidates.Count == 0)
        {
            return Instead(page, page.Decision.Reason ?? (known ? Reasons.NoCandidates : Reasons.CatalogUnavailable));
        }

        if (Remembered(page) is { } remembered)
        {
            return Live(page, remembered);
        }

        page.IsAsked = true;
        var call = new ModelCall(
            router.Caller(page.Shop), Features.Recommendations, Prompt(page), page.Release.Bundle.ToSampling(MaxTokens))
        {
            Model = page.Release.Bundle.Model, Release = page.Release.Id,
        };
        var attempt = await router.AskAsync(call, deadline, cancellationToken);
        var lines = attempt.Text is null ? null : ReasonLines.Read(attempt.Text, page.Candidates.Count);
        if (lines is null)
        {
            return Instead(page, attempt.Reason ?? Reasons.UnusableAnswer) with { IsRefusal = RefusalPhrases.IsRefusal(attempt) };
        }

        var reasons = new WrittenReasons(lines, $"{attempt.Endpoint!.Id}; {attempt.Endpoint.Region}");
        memory.Keep(page.Release.Id, page.Shop, page.ProductId, page.Ids, reasons);
        return Live(page, reasons) with { TokenPace = attempt.TokenPace };
    }

    // Only what both of two compared releases have: else the one that answers few visitors would be asked, and could fail, far more often.
    private WrittenReasons? Remembered(Page page)
    {
        WrittenReasons? own = null;
        foreach (var release in page.Pick.Possible)
        {
            if (memory.Find(release.Id, page.Shop, page.ProductId, page.Ids) is not { } found)
            {
                return null;
            }

            own = release == page.Release ? found : own;
        }

        return own;
    }

    private List<ChatMessage> Prompt(Page page) =>
    [
        new(ChatRole.System, page.Release.Bundle.SystemMessage(
            router.ShopName(page.Shop), [.. page.Candidates.Select(candidate => candidate.Product.ForPrompt())], RecommendationPrompt.System)),
        new(ChatRole.User, RecommendationPrompt.User(page.Viewed!.ForPrompt())),
    ];

    // A product that the model left out is left out here, too: one answer does not mix two sources.
    private static Answer Live(Page page, WrittenReasons reasons) => Of(
        page, Sources.Live, null,
        [.. page.Candidates.Select((candidate, index) => (candidate.Product, Reason: reasons.Lines.GetValueOrDefault(index + 1)))
            .Where(line => line.Reason is not null)
            .Select(line => line.Product.Recommended(line.Reason!))])
        with { Disclosure = PublicationDesk.Disclosure, ServedBy = reasons.ServedBy };

    private static Answer Instead(Page page, string reason) => page.Candidates.Count == 0
        ? Of(page, Sources.Static, reason, [])
        : Of(page, Sources.Precomputed, reason, [.. page.Candidates.Select(candidate => candidate.Product.Recommended(candidate.Reason))]);

    private static Answer Of(Page page, string source, string? reason, IReadOnlyList<RecommendedProduct> items) =>
        new(Features.Recommendations, page.Decision.Mode, source, reason, null, items, null, null) { Release = page.IsAsked ? page.Release.Id : null };

    private sealed record Page(string Shop, long ProductId, int Limit, Decision Decision, ReleasePick Pick)
    {
        public Release Release => Pick.Release;

        /// <summary>What is answered from memory says nothing about a release.</summary>
        public bool IsAsked { get; set; }

        public CatalogProduct? Viewed { get; set; }
        public IReadOnlyList<(CatalogProduct Product, string Reason)> Candidates { get; set; } = [];
        public IEnumerable<long> Ids => Candidates.Select(candidate => candidate.Product.Id);
    }
}
