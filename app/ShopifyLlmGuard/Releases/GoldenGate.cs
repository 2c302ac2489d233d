using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Chat;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Flags;
using ShopifyLlmGuard.Llm;
using ShopifyLlmGuard.Recommendations;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Releases;

/// <summary>Asks a release its golden prompts, by the same way and under the same rules as a shopper's question.</summary>
public sealed class GoldenGate
{
    private readonly LlmRouter router;
    private readonly Snapshots snapshots;
    private readonly IDbContextFactory<GuardDb> databases;
    private readonly TimeOptions times;
    private readonly TimeProvider clock;

    internal GoldenGate(
        LlmRouter router, Snapshots snapshots, IDbContextFactory<GuardDb> databases, IOptions<TimeOptions> times, TimeProvider clock) =>
        (this.router, this.snapshots, this.databases, this.times, this.clock) = (router, snapshots, databases, times.Value, clock);

    /// <summary>Runs them all and keeps what came of it. Null when there is no such release.</summary>
    /// <param name="release">The release's id.</param>
    /// <param name="actor">Who wants to know.</param>
    /// <param name="each">Hears each result as it comes.</param>
    /// <param name="cancellationToken">Stops it; then nothing is kept.</param>
    public async Task<GoldenRun?> RunAsync(
        string release, string actor, Action<GoldenResult>? each = null, CancellationToken cancellationToken = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        if (await db.Releases.AsNoTracking().SingleOrDefaultAsync(known => known.Id == release, cancellationToken) is not { } found)
        {
            return null;
        }

        List<GoldenResult> results = [];
        foreach (var prompt in found.Bundle.Golden)
        {
            results.Add(await AskAsync(found, prompt, cancellationToken));
            each?.Invoke(results[^1]);
        }

        var run = new GoldenRun
        {
            Release = release, Actor = actor, At = DatabaseTime.Of(clock), Results = results,
            Passed = results.Count > 0 && results.All(result => result.Problem is null),
        };
        db.GoldenRuns.Add(run);
        await db.SaveChangesAsync(cancellationToken);
        return run;
    }

    private async Task<GoldenResult> AskAsync(Release release, GoldenPrompt prompt, CancellationToken cancellationToken)
    {
        var isChat = release.Feature == Features.Chat;
        var system = release.Bundle.SystemMessage("the shop", prompt.Products, isChat ? ChatPrompt.System : RecommendationPrompt.System);
        var call = new ModelCall(
            new Caller($"release:{release.Id}", Allowed()), release.Feature,
            [new(ChatRole.System, system), new(ChatRole.User, prompt.Ask)],
            release.Bundle.ToSampling(isChat ? ChatAssistant.MaxTokens : Recommender.MaxTokens))
        {
            Model = release.Bundle.Model, Release = release.Id,
        };
        var deadline = new Deadline(clock, times.BudgetOf(release.Feature));
        var attempt = await router.AskAsync(call, deadline, cancellationToken);
        return new GoldenResult(
            prompt.Name, attempt.Text is null ? attempt.Reason ?? Reasons.EmptyAnswer : Problem(isChat, prompt, attempt.Text),
            attempt.Endpoint?.Id, Math.Round(deadline.Elapsed.TotalMilliseconds, 1));
    }

    // Words of operators, but they go where some merchant's words may go, and nowhere else.
    private IReadOnlyList<string> Allowed() =>
        [.. snapshots.Current.Shops.Values.SelectMany(shop => shop.Jurisdictions).Distinct(StringComparer.OrdinalIgnoreCase)];

    private static string? Problem(bool isChat, GoldenPrompt prompt, string text)
    {
        var isUsable = isChat ? AnswerCheck.Problem(text, prompt.Products.Count) is null : ReasonLines.Read(text, prompt.Products.Count) is not null;
        return !isUsable ? Reasons.UnusableAnswer
            : prompt.Must.FirstOrDefault(words => !text.Contains(words, StringComparison.OrdinalIgnoreCase)) is { } missing ? $"'{missing}' is missing"
            : prompt.MustNot.FirstOrDefault(words => text.Contains(words, StringComparison.OrdinalIgnoreCase)) is { } forbidden ? $"'{forbidden}' must not be in it"
            : null;
    }
}
