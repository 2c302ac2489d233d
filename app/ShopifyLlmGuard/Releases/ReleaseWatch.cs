using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Flags;
using ShopifyLlmGuard.Protections;
using ShopifyLlmGuard.Releases.Comparing;

namespace ShopifyLlmGuard.Releases;

/// <summary>
/// Watches new releases: writes what this server counted, compares, and rolls a bad one back. Every server watches; the first
/// one acts. Without the database a server judges by its own counts and withdraws a bad release for itself at once.
/// </summary>
internal sealed partial class ReleaseWatch(
    ReleaseBoard board, ReleaseMinutes minutes, ReleaseComparison comparison, ReleaseDesk desk, IOptions<ReleaseOptions> options, GuardMeter meter,
    ProtectionProofs proofs, TimeProvider clock, ILogger<ReleaseWatch> logger) : BackgroundService
{
    private const string Actor = "release watch";
    private DateTimeOffset lastForgotten;
    private bool isAlone;

    /// <summary>One look at every feature.</summary>
    internal async Task LookAsync(CancellationToken cancellationToken)
    {
        var hasDatabase = await TryAsync(() => minutes.WriteAsync(cancellationToken), cancellationToken);
        foreach (var feature in Features.All)
        {
            await LookAsync(feature.Key, hasDatabase, cancellationToken);
        }

        if (hasDatabase && clock.GetUtcNow() - lastForgotten > TimeSpan.FromHours(1))
        {
            lastForgotten = clock.GetUtcNow();
            await TryAsync(() => minutes.ForgetAsync(lastForgotten - options.Value.KeepFor, cancellationToken), cancellationToken);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.CheckEvery, clock);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await LookAsync(stoppingToken);
                await timer.WaitForNextTickAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private async Task LookAsync(string feature, bool hasDatabase, CancellationToken cancellationToken)
    {
        var (rollout, now) = (board.Recorded(feature), clock.GetUtcNow());
        if (rollout.Watched is not { } release)
        {
            return;
        }

        // What this server has withdrawn is rolled back however late the database comes back.
        var verdict = board.Withdrawal(release);
        if (verdict is null && rollout.PairAt(now, options.Value) is { } pair)
        {
            verdict = await JudgeAsync(feature, pair, hasDatabase, cancellationToken);
        }

        if (verdict?.Signal is not null)
        {
            await RollBackAsync(feature, rollout, release, verdict, cancellationToken);
        }
        else if (verdict?.IsProven == true && rollout is { Candidate: not null, IsAutomatic: true } && now - rollout.Since >= options.Value.StepAfter)
        {
            var next = options.Value.StepsOrUsual.First(step => step > rollout.Percent);
            await TryAsync(() => desk.ActAsync(rollout, Wish(feature, verdict) with { Percent = next }, cancellationToken), cancellationToken);
        }
    }

    private async Task<ReleaseVerdict> JudgeAsync(string feature, ReleasePair pair, bool hasDatabase, CancellationToken cancellationToken)
    {
        ReleaseVerdict? verdict = null;
        if (hasDatabase)
        {
            await TryAsync(async () => verdict = await comparison.JudgeAsync(feature, pair, cancellationToken), cancellationToken);
        }

        return verdict ?? comparison.JudgeOwn(feature, pair);
    }

    // First in memory, so that it answers nobody here any more, then in the database, so that all servers know; tried until it is there.
    private async Task RollBackAsync(string feature, Rollout rollout, Release release, ReleaseVerdict verdict, CancellationToken cancellationToken)
    {
        if (board.Withdrawal(release) is null)
        {
            board.Withdraw(release, verdict);
            Log.Withdrawn(logger, feature, release.Id, verdict.Detail);
        }

        var problem = "";
        await TryAsync(
            async () => problem = await desk.ActAsync(rollout, Wish(feature, verdict) with { Signal = verdict.Signal }, cancellationToken), cancellationToken);
        if (problem is null)
        {
            meter.RolledBack(feature, verdict.Signal!);
            proofs.Acted(Protection.Rollback, clock.GetUtcNow() - verdict.BadSince!.Value);
            Log.RolledBack(logger, feature, release.Id, verdict.Detail);
        }
    }

    private RolloutWish Wish(string feature, ReleaseVerdict verdict) => new(feature, Actor, verdict.Detail, DatabaseTime.Of(clock));

    private async Task<bool> TryAsync(Func<Task> work, CancellationToken cancellationToken)
    {
        try
        {
            await work();
            isAlone = false;
            return true;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            if (!isAlone)
            {
                isAlone = true;
                Log.Alone(logger, exception.GetBaseException().GetType().Name);
            }

            return false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "{Feature} release {Release} was rolled back. {Detail}")]
        public static partial void RolledBack(ILogger logger, string feature, string release, string detail);

        [LoggerMessage(LogLevel.Error, "{Feature} release {Release} is withdrawn on this server. {Detail}")]
        public static partial void Withdrawn(ILogger logger, string feature, string release, string detail);

        [LoggerMessage(LogLevel.Warning, "Releases are judged by this server's own counts: the database does not answer ({Problem}).")]
        public static partial void Alone(ILogger logger, string problem);
    }
}
