using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Compliance;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Flags;
using ShopifyLlmGuard.Incidents.Clocks;
using ShopifyLlmGuard.Incidents.Judgement;

namespace ShopifyLlmGuard.Incidents;

/// <summary>Who acts on an incident.</summary>
/// <param name="Incident">Which.</param>
/// <param name="Shop">The merchant for whom; null for the operator.</param>
/// <param name="Actor">The person.</param>
public sealed record IncidentParty(long Incident, string? Shop, string Actor);

/// <summary>
/// Where people open, assess, decide and report. Each act is a new row and an audit entry, in one transaction. Every call returns
/// what is wrong with it, one sentence; null when it was done.
/// </summary>
public sealed class IncidentDesk
{
    public const int LongestText = 2000;
    private const string Nothing = "There is no such incident.";

    private readonly IDbContextFactory<GuardDb> databases;
    private readonly AuditTrail trail;
    private readonly IncidentReader reader;
    private readonly IncidentOptions options;
    private readonly TimeProvider clock;

    internal IncidentDesk(
        IDbContextFactory<GuardDb> databases, AuditTrail trail, IncidentReader reader, IOptions<IncidentOptions> options, TimeProvider clock) =>
        (this.databases, this.trail, this.reader, this.options, this.clock) = (databases, trail, reader, options.Value, clock);

    /// <summary>Opens an incident by hand; it goes on until somebody closes it.</summary>
    /// <param name="shops">The shops that it touches; only they and the operator see it.</param>
    /// <param name="features">The features that it touches there; none means all.</param>
    /// <param name="title">One line.</param>
    /// <param name="detectedAt">When the trouble showed first; null: now.</param>
    /// <param name="actor">Who opens it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The incident's number, or what is wrong.</returns>
    public async Task<(long? Incident, string? Mistake)> OpenAsync(
        IReadOnlyList<string> shops, IReadOnlyList<string> features, string title, DateTimeOffset? detectedAt, string actor,
        CancellationToken cancellationToken = default)
    {
        var now = DatabaseTime.Of(clock);
        var at = DatabaseTime.Of(detectedAt) ?? now;
        if (Mistake(title, "A title") is { } mistake || (mistake = Future(at, now)) is not null
            || (mistake = features.FirstOrDefault(feature => Features.Find(feature) is null) is { } wrong ? $"There is no feature '{wrong}'." : null) is not null)
        {
            return (null, mistake);
        }

        var incident = new Incident { Cause = Incident.ByHand, Title = title.Trim(), DetectedAt = at, DetectedBy = actor };
        incident.Steps.Add(new IncidentStep { Kind = IncidentStep.Detected, At = at, RecordedAt = now, Actor = actor, Reason = title.Trim() });
        incident.Impacts.AddRange(
            from shop in shops.Distinct()
            from feature in features.Count > 0 ? features.Distinct() : Features.All.Select(feature => feature.Key)
            select new IncidentImpact { Shop = shop, Feature = feature, Reason = Incident.ByHand, From = at });
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        db.Incidents.Add(incident);
        await db.SaveChangesAsync(cancellationToken);
        await trail.AppendAsync(db, new AuditNote(
            AuditActions.IncidentOpened, shops.Count == 1 ? shops[0] : null, actor, $"incident {incident.Id}", "opened by hand", incident.Title), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return (incident.Id, null);
    }

    /// <summary>Records what people found out.</summary>
    public Task<string?> AssessAsync(IncidentParty party, Assessment assessment, string? reason = null, CancellationToken cancellationToken = default) =>
        AddAsync(party, AuditActions.IncidentAssessed, assessment.Mistake(), reason, now => new IncidentStep
        {
            Shop = party.Shop, Kind = IncidentStep.Assessed, At = now, RecordedAt = now, Actor = party.Actor, Reason = reason?.Trim(), Assessment = assessment,
        }, cancellationToken);

    /// <summary>Records since when a person is aware of the incident: most legal clocks start there.</summary>
    /// <param name="party">Who.</param>
    /// <param name="at">Since when; null: now.</param>
    /// <param name="reason">Why then.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<string?> BeAwareAsync(IncidentParty party, DateTimeOffset? at = null, string? reason = null, CancellationToken cancellationToken = default) =>
        AddAsync(party, AuditActions.IncidentAware, Future(at, clock.GetUtcNow()), reason, now => new IncidentStep
        {
            Shop = party.Shop, Kind = IncidentStep.Aware, At = DatabaseTime.Of(at) ?? now, RecordedAt = now, Actor = party.Actor, Reason = reason?.Trim(),
        }, cancellationToken);

    /// <summary>Records a decision and its reason, and beside it what the tool had proposed.</summary>
    public async Task<string?> DecideAsync(IncidentParty party, string topic, bool decision, string reason, CancellationToken cancellationToken = default)
    {
        var mistake = options.Decisions.Contains(topic) ? Mistake(reason, "A reason") : $"There is nothing to decide about '{topic}' in the profiles that are enabled.";
        var proposal = mistake is null && topic == Topics.Significant
            ? (await reader.ReadAsync(party.Incident, party.Shop, cancellationToken))?.Proposal(options.Significance) : null;
        return await AddAsync(party, AuditActions.IncidentDecided, mistake, reason, now => new IncidentStep
        {
            Shop = party.Shop, Kind = IncidentStep.Decided, At = now, RecordedAt = now, Actor = party.Actor, Reason = reason.Trim(), About = topic,
            Decision = decision, Proposal = proposal,
        }, cancellationToken);
    }

    /// <summary>Records that a person handed a report in.</summary>
    /// <param name="party">Who handed it in.</param>
    /// <param name="stage">Which report, of <see cref="ClockRules.Reports"/>.</param>
    /// <param name="at">When; null: now.</param>
    /// <param name="reference">The authority's reference.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<string?> SubmitAsync(
        IncidentParty party, string stage, DateTimeOffset? at, string? reference, CancellationToken cancellationToken = default) =>
        AddAsync(party, AuditActions.IncidentSubmitted, options.Reports.Any(report => report.Stage == stage) ? Future(at, clock.GetUtcNow()) : $"There is no report '{stage}' in the enabled profiles.",
            reference, now => new IncidentStep
            {
                Shop = party.Shop, Kind = IncidentStep.Submitted, At = DatabaseTime.Of(at) ?? now, RecordedAt = now, Actor = party.Actor, About = stage,
                Reference = string.IsNullOrWhiteSpace(reference) ? null : reference.Trim(),
            }, cancellationToken);

    /// <summary>Closes the file. What was opened by hand ends with it; what goes on by itself cannot be closed.</summary>
    public Task<string?> CloseAsync(IncidentParty party, string reason, CancellationToken cancellationToken = default) =>
        AddAsync(party, AuditActions.IncidentClosed, Mistake(reason, "A reason"), reason, now => new IncidentStep
        {
            Shop = party.Shop, Kind = IncidentStep.Closed, At = now, RecordedAt = now, Actor = party.Actor, Reason = reason.Trim(),
        }, cancellationToken);

    private async Task<string?> AddAsync(
        IncidentParty party, string action, string? mistake, string? text, Func<DateTimeOffset, IncidentStep> make, CancellationToken cancellationToken)
    {
        if ((mistake ??= text?.Length > LongestText ? $"The text has more than {LongestText} characters." : null) is not null)
        {
            return mistake;
        }

        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (action == AuditActions.IncidentClosed)
        {
            // A round that is just opening it again must not be overwritten by what was read before.
            await IncidentRound.AloneAsync(db, cancellationToken);
        }

        var incident = await db.Incidents.Include(each => each.Impacts).FirstOrDefaultAsync(
            each => each.Id == party.Incident && (party.Shop == null || each.Impacts.Any(impact => impact.Shop == party.Shop)), cancellationToken);
        if (incident is null)
        {
            return Nothing;
        }

        var step = make(DatabaseTime.Of(clock));
        if (step.Kind == IncidentStep.Closed && Close(incident, party, step.At) is { } wrong)
        {
            return wrong;
        }

        incident.Steps.Add(step);
        await trail.AppendAsync(db, new AuditNote(action, party.Shop, party.Actor, $"incident {incident.Id}", Detail(step), step.Reason ?? ""), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return null;
    }

    // A merchant closes its own file, and ends the incident only where nobody else is in it.
    private static string? Close(Incident incident, IncidentParty party, DateTimeOffset now)
    {
        var own = incident.Impacts.Where(impact => impact.Until is null && (party.Shop is null || impact.Shop == party.Shop)).ToList();
        if (incident.Cause != Incident.ByHand && own.Count > 0)
        {
            return "It goes on: a feature is not live yet. It can be closed when it has ended.";
        }

        own.ForEach(impact => impact.Until = now);
        if (incident.Impacts.All(impact => impact.Until is not null))
        {
            incident.EndedAt ??= now;
            incident.ClosedAt = party.Shop is null ? now : incident.ClosedAt;
        }

        return null;
    }

    private static string Detail(IncidentStep step) => step.Kind switch
    {
        IncidentStep.Decided => $"{step.About}: {(step.Decision == true ? "yes" : "no")}{(step.Proposal is { } proposal ? $", proposed: {proposal.Verdict.ToString().ToLowerInvariant()}" : "")}",
        IncidentStep.Submitted => $"{step.About} at {step.At:yyyy-MM-dd'T'HH:mm'Z'}, reference {step.Reference ?? "none"}",
        IncidentStep.Aware => $"aware since {step.At:yyyy-MM-dd'T'HH:mm'Z'}",
        _ => step.Kind,
    };

    private static string? Mistake(string? text, string what) =>
        string.IsNullOrWhiteSpace(text) ? $"{what} is missing." : text.Length > LongestText ? $"The text has more than {LongestText} characters." : null;

    private static string? Future(DateTimeOffset? at, DateTimeOffset now) => at > now ? "That moment has not come yet." : null;
}
