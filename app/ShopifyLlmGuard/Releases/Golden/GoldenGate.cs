using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Chat;
using ShopifyLlmGuard.Compliance;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Flags;
using ShopifyLlmGuard.Llm;
using ShopifyLlmGuard.Llm.Endpoints;
using ShopifyLlmGuard.Recommendations;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Releases.Golden;

/// <summary>
/// Asks a release its golden prompts at every endpoint that would answer for it, by the same way and under the same rules as a shopper's
/// question, and compares what each has loaded with what the release names.
/// </summary>
public sealed class GoldenGate
{
    private readonly LlmRouter router;
    private readonly EndpointLanes lanes;
    private readonly ReleaseBoard board;
    private readonly IDbContextFactory<GuardDb> databases;
    private readonly AuditTrail trail;
    private readonly TimeOptions times;
    private readonly TimeProvider clock;

    internal GoldenGate(
        LlmRouter router, EndpointLanes lanes, ReleaseBoard board, IDbContextFactory<GuardDb> databases, AuditTrail trail,
        IOptions<TimeOptions> times, TimeProvider clock) =>
        (this.router, this.lanes, this.board, this.databases, this.trail, this.times, this.clock) = (router, lanes, board, databases, trail, times.Value, clock);

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
        await foreach (var result in ResultsAsync(found, cancellationToken))
        {
            results.Add(result);
            each?.Invoke(result);
        }

        var run = new GoldenRun
        {
            Release = release, Actor = actor, At = DatabaseTime.Of(clock), Results = results,
            Passed = results.Count > 0 && results.TrueForAll(result => result.Problem is null),
        };
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        db.GoldenRuns.Add(run);
        await trail.AppendAsync(db, new(AuditActions.ReleaseTested, null, actor, release, Tell(run)), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return run;
    }

    private async IAsyncEnumerable<GoldenResult> ResultsAsync(
        Release release, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var hosts = board.HostsOf(release).Select(host => host.Id).ToHashSet(StringComparer.Ordinal);
        foreach (var lane in lanes.All.Where(lane => hosts.Contains(lane.Endpoint.Id)))
        {
            foreach (var fact in await ModelCheck.RunAsync(release.Bundle, lane, clock, cancellationToken))
            {
                yield return fact;
            }

            foreach (var prompt in release.Bundle.Golden)
            {
                yield return await AskAsync(release, prompt, lane.Endpoint.Id, cancellationToken);
            }
        }

        if (hosts.Count == 0)
        {
            yield return new("(hosts)", Reasons.NoEligibleEndpoint, null, 0);
        }
    }

    // Words of operators, but they go where some merchant's words may go, and nowhere else.
    private async Task<GoldenResult> AskAsync(Release release, GoldenPrompt prompt, string endpoint, CancellationToken cancellationToken)
    {
        var isChat = release.Feature == Features.Chat;
        var system = release.Bundle.SystemMessage("the shop", prompt.Products, isChat ? ChatPrompt.System : RecommendationPrompt.System);
        var call = new ModelCall(
            new Caller($"release:{release.Id}", board.Allowed()), release.Feature,
            [new(ChatRole.System, system), new(ChatRole.User, prompt.Ask)],
            release.Bundle.ToSampling(isChat ? ChatAssistant.MaxTokens : Recommender.MaxTokens))
        {
            Model = release.Bundle.Model, Release = release.Id, OnlyAt = endpoint,
        };
        var deadline = new Deadline(clock, times.BudgetOf(release.Feature));
        var attempt = await router.AskAsync(call, deadline, cancellationToken);
        return new GoldenResult(
            prompt.Name, attempt.Text is null ? attempt.Reason ?? Reasons.EmptyAnswer : Problem(isChat, prompt, attempt.Text),
            endpoint, Math.Round(deadline.Elapsed.TotalMilliseconds, 1));
    }

    private static string Tell(GoldenRun run) =>
        $"golden prompts {(run.Passed ? "passed" : "failed")}: {run.Results.Count(result => result.Problem is not null)} of {run.Results.Count} checks failed, "
        + $"{run.Results.Count(result => result.Unchecked is not null)} could not be made";

    private static string? Problem(bool isChat, GoldenPrompt prompt, string text)
    {
        var isUsable = isChat ? AnswerCheck.Problem(text, prompt.Products.Count) is null : ReasonLines.Read(text, prompt.Products.Count) is not null;
        return !isUsable ? Reasons.UnusableAnswer
            : prompt.Must.FirstOrDefault(words => !text.Contains(words, StringComparison.OrdinalIgnoreCase)) is { } missing ? $"'{missing}' is missing"
            : prompt.MustNot.FirstOrDefault(words => text.Contains(words, StringComparison.OrdinalIgnoreCase)) is { } forbidden ? $"'{forbidden}' must not be in it"
            : null;
    }
}
