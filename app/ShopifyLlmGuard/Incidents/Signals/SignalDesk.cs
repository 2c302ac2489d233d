using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Incidents.Rules;
using ShopifyLlmGuard.Protections;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Incidents.Signals;

/// <summary>
/// Does what the rules say about a signal. What is known of the thing, its pins and the notification are one transaction, one at a time
/// for each thing on all servers together: however often a signal comes, its effect happens once.
/// </summary>
internal sealed partial class SignalDesk(
    IDbContextFactory<GuardDb> databases, SignalSettings settings, PinBoard pins, SignalMeter meter, ProtectionProofs proofs, TimeProvider clock,
    ILogger<SignalDesk> logger)
{
    public async Task TakeAsync(IncidentSignal signal, DateTimeOffset receivedAt, CancellationToken cancellationToken)
    {
        var effect = await ApplyAsync(signal, receivedAt, cancellationToken);
        meter.Handled(signal.Source, effect.Outcome);
        if (effect.HasChanged)
        {
            await pins.RecordAsync(cancellationToken);
            var took = clock.GetUtcNow() - receivedAt;
            meter.TookEffect(signal.Source, took);
            Prove(effect, took);
            Log.Done(logger, signal.Source, signal.TitleCode, signal.ExternalId, signal.State, effect.Outcome, string.Join(", ", effect.Rules));
        }
    }

    /// <summary>Nothing more is tried: a person has to look.</summary>
    public void GiveUp(IncidentSignal signal)
    {
        meter.Handled(signal.Source, SignalOutcomes.GivenUp);
        Log.GivenUp(logger, signal.Source, signal.TitleCode, signal.ExternalId, signal.State, IncidentDelivery.MaximumAttempts);
    }

    private async Task<Effect> ApplyAsync(IncidentSignal signal, DateTimeOffset receivedAt, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtextextended({$"guard signal {signal.Source} {signal.DedupKey}"}, 0))", cancellationToken);
        var known = await db.SignalStandings.FindAsync([signal.Source, signal.DedupKey], cancellationToken);
        var (news, heard) = SignalPolicy.Read(known is null ? null : new(known.Signal, known.ReceivedAt), new(signal, receivedAt));
        if (news == SignalNews.Stale)
        {
            return new(SignalOutcomes.Stale, false, [], []);
        }

        var standing = known ?? New(db, heard);
        var before = standing.Outcome;
        var plan = SignalPlan.Of(heard.Signal, news, standing, settings.Current.Rules, DatabaseTime.Of(clock));
        var changed = await pins.ChangeAsync(db, plan.Pins, cancellationToken) > 0;
        var outcome = plan.Outcome(standing, changed);
        Write(standing, heard, plan, outcome, changed);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new(outcome, changed, plan.Rules, outcome == before ? [] : [.. plan.Pins.Hold.Select(pin => pin.Id)]);
    }

    // A pin that only lasts longer, or that a person's outranks everywhere, has switched nothing. One of a region switches no feature but
    // endpoints: no proof of this.
    private void Prove(Effect effect, TimeSpan took)
    {
        if (effect.Outcome == SignalOutcomes.Held && pins.AnyDecides(effect.Placed))
        {
            proofs.Acted(Protection.IncidentToggle, took);
        }
    }

    private SignalStanding New(GuardDb db, HeardSignal heard) => db.SignalStandings.Add(new SignalStanding
    {
        Source = heard.Signal.Source, DedupKey = heard.Signal.DedupKey, Signal = heard.Signal, ReceivedAt = heard.ReceivedAt, ActedAt = DatabaseTime.Of(clock),
        Outcome = SignalOutcomes.Unchanged,
    }).Entity;

    private void Write(SignalStanding standing, HeardSignal heard, SignalPlan plan, string outcome, bool changed)
    {
        (standing.Signal, standing.ReceivedAt, standing.OpenedAt) = (heard.Signal, heard.ReceivedAt, plan.OpenedAt);
        standing.Rules = plan.Rules;
        if (heard.Signal.State == SignalState.Firing)
        {
            standing.Pins = [.. plan.Pins.Hold.Select(pin => pin.Id)];
        }

        if (changed || outcome != standing.Outcome)
        {
            (standing.Outcome, standing.ActedAt) = (outcome, DatabaseTime.Of(clock));
        }
    }

    private sealed record Effect(string Outcome, bool HasChanged, string[] Rules, Guid[] Placed);

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "{Source} says that {Code} ({Id}) is {State}: {Outcome} by {Rules}.")]
        public static partial void Done(ILogger logger, string source, string code, string id, SignalState state, string outcome, string rules);

        [LoggerMessage(LogLevel.Critical, "{Source} says that {Code} ({Id}) is {State}, and nothing could be done about it in {Attempts} attempts.")]
        public static partial void GivenUp(ILogger logger, string source, string code, string id, SignalState state, int attempts);
    }
}
