using System.Collections.Immutable;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Compliance;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Incidents.Falls;
using ShopifyLlmGuard.Llm.Endpoints;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Incidents;

/// <summary>Opens, re-opens and ends incidents from the recorded changes of modes, each change once, whichever server does it.</summary>
public sealed partial class IncidentRound
{
    // The same for all servers, and for nothing else in this database.
    private const long Lock = 0x696E636964; // "incid"

    private readonly IDbContextFactory<GuardDb> databases;
    private readonly EndpointList endpoints;
    private readonly Snapshots snapshots;
    private readonly AuditTrail trail;
    private readonly IncidentOptions options;
    private readonly TimeProvider clock;
    private readonly ILogger<IncidentRound> logger;

    internal IncidentRound(
        IDbContextFactory<GuardDb> databases, EndpointList endpoints, Snapshots snapshots, AuditTrail trail, IOptions<IncidentOptions> options,
        TimeProvider clock, ILogger<IncidentRound> logger)
    {
        (this.databases, this.endpoints, this.snapshots, this.trail) = (databases, endpoints, snapshots, trail);
        (this.options, this.clock, this.logger) = (options.Value, clock, logger);
    }

    /// <summary>Works off what has changed since the last round, on any server.</summary>
    public async Task RunAsync(CancellationToken cancellationToken = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await AloneAsync(db, cancellationToken);
        var cursor = await db.IncidentCursors.FirstOrDefaultAsync(cancellationToken);
        var changes = await ChangesAsync(db, cursor, cancellationToken);
        var book = new IncidentBook(await KnownAsync(db, changes, cancellationToken), options, DatabaseTime.Of(clock));
        var pins = await PinsAsync(db, changes, cancellationToken);
        var falls = new FallReader(db, endpoints, snapshots.Current, pins);
        await ApplyAsync(db, book, falls, changes, cancellationToken);
        await SettleAsync(db, book, new Holds(pins, snapshots.Current, DatabaseTime.Of(clock)), cancellationToken);
        await LeaveAsync(db, book, cancellationToken);
        book.End();
        Move(db, cursor, changes);
        db.Incidents.AddRange(book.Opened);
        await SaveAsync(db, book, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>Until the end of the current transaction no other server's round, and nobody who closes a file, changes incidents.</summary>
    internal static Task AloneAsync(GuardDb db, CancellationToken cancellationToken) =>
        db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock({Lock})", cancellationToken);

    // The first round looks only at how everything stands: what was over before it is no incident.
    private static Task<List<ServingChange>> ChangesAsync(GuardDb db, IncidentCursor? cursor, CancellationToken cancellationToken)
    {
        var changes = db.ServingChanges.AsNoTracking();
        return (cursor is null
                ? changes.Where(change => !db.ServingChanges.Any(later => later.Shop == change.Shop && later.Feature == change.Feature && later.Id > change.Id))
                : changes.Where(change => change.Id > cursor.LastChange))
            .OrderBy(change => change.Id).ToListAsync(cancellationToken);
    }

    private Task<List<Incident>> KnownAsync(GuardDb db, List<ServingChange> changes, CancellationToken cancellationToken)
    {
        var lately = (changes.Count == 0 ? clock.GetUtcNow() : changes.Min(change => change.At)) - options.ReopenWithin;
        return db.Incidents.Where(incident => incident.ClosedAt == null && (incident.EndedAt == null || incident.EndedAt >= lately))
            .Include(incident => incident.Impacts).OrderBy(incident => incident.Id).ToListAsync(cancellationToken);
    }

    // Those that stand, and those that ended since.
    private async Task<ImmutableArray<Pin>> PinsAsync(GuardDb db, List<ServingChange> changes, CancellationToken cancellationToken)
    {
        var since = clock.GetUtcNow() - Holds.LookBack;
        since = changes.Count > 0 && changes.Min(change => change.At) is var first && first < since ? first : since;
        return [.. await db.Pins.AsNoTracking().Where(pin => pin.ReleasedAt == null || pin.ReleasedAt >= since).ToListAsync(cancellationToken)];
    }

    private static async Task ApplyAsync(
        GuardDb db, IncidentBook book, FallReader falls, List<ServingChange> changes, CancellationToken cancellationToken)
    {
        var live = await FirstLiveAsync(db, changes, cancellationToken);
        foreach (var change in changes)
        {
            if (change.Mode == Mode.Live || falls.IsOnPurpose(change))
            {
                book.Recover(change.Shop, change.Feature, change.At);
            }
            else if (!book.IsOpen(change.Shop, change.Feature) && live.GetValueOrDefault((change.Shop, change.Feature), long.MaxValue) < change.Id
                && await falls.ReadAsync(change, cancellationToken) is { } fall)
            {
                book.Add(fall);
            }
        }
    }

    private static async Task SettleAsync(GuardDb db, IncidentBook book, Holds holds, CancellationToken cancellationToken)
    {
        foreach (var impact in book.Open)
        {
            if (holds.Since(impact.Shop, impact.Feature) is { } since)
            {
                book.Recover(impact.Shop, impact.Feature, since > impact.From ? since : impact.From);
            }
        }

        var uncovered = holds.Uncovered().Where(each => !book.IsOpen(each.Shop, each.Feature)).ToList();
        var shops = uncovered.Select(each => each.Shop).Distinct().ToList();
        var last = shops.Count == 0 ? [] : await db.ServingChanges.AsNoTracking().Where(change => shops.Contains(change.Shop)
            && !db.ServingChanges.Any(later => later.Shop == change.Shop && later.Feature == change.Feature && later.Id > change.Id)).ToListAsync(cancellationToken);
        var live = await FirstLiveAsync(db, last, cancellationToken);
        foreach (var each in uncovered)
        {
            if (last.Find(change => change.Shop == each.Shop && change.Feature == each.Feature) is { Reason: Reasons.Pinned } change
                && live.ContainsKey((each.Shop, each.Feature)))
            {
                book.Add(FallReader.Of(Again(change, each), each.Alert));
            }
        }
    }

    private static ServingChange Again(ServingChange change, Uncovered each) => new()
    {
        Shop = change.Shop, Feature = change.Feature, Mode = change.Mode, Reason = change.Reason, Detail = $"Held by {each.Alert.Actor}: {each.Alert.Reason}",
        At = each.At,
    };

    // A shop that was set up without a model, and was never live, has lost nothing.
    private static async Task<Dictionary<(string Shop, string Feature), long>> FirstLiveAsync(
        GuardDb db, List<ServingChange> changes, CancellationToken cancellationToken)
    {
        var shops = changes.Where(change => change.Mode != Mode.Live).Select(change => change.Shop).Distinct().ToList();
        return shops.Count == 0 ? [] : (await db.ServingChanges.Where(change => change.Mode == Mode.Live && shops.Contains(change.Shop))
            .GroupBy(change => new { change.Shop, change.Feature }).Select(group => new { group.Key, First = group.Min(change => change.Id) })
            .ToListAsync(cancellationToken)).ToDictionary(row => (row.Key.Shop, row.Key.Feature), row => row.First);
    }

    // Nothing is recorded of a shop that has left.
    private async Task LeaveAsync(GuardDb db, IncidentBook book, CancellationToken cancellationToken)
    {
        var left = await db.IncidentImpacts.Where(impact => impact.Until == null && !db.Shops.Any(shop => shop.Domain == impact.Shop && shop.UninstalledAt == null))
            .Select(impact => new { impact.Shop, impact.Feature }).ToListAsync(cancellationToken);
        left.ForEach(impact => book.Recover(impact.Shop, impact.Feature, DatabaseTime.Of(clock)));
    }

    private static void Move(GuardDb db, IncidentCursor? cursor, List<ServingChange> changes)
    {
        var last = changes.Count == 0 ? cursor?.LastChange ?? 0 : changes[^1].Id;
        if (cursor is null)
        {
            db.IncidentCursors.Add(new IncidentCursor { Id = IncidentCursor.Only, LastChange = last });
        }
        else
        {
            cursor.LastChange = last;
        }
    }

    private async Task SaveAsync(GuardDb db, IncidentBook book, CancellationToken cancellationToken)
    {
        await db.SaveChangesAsync(cancellationToken);
        foreach (var (action, incidents) in ((string, List<Incident>)[])
            [(AuditActions.IncidentOpened, book.Opened), (AuditActions.IncidentReopened, book.Reopened), (AuditActions.IncidentEnded, book.Ended)])
        {
            foreach (var incident in incidents)
            {
                await trail.AppendAsync(db, new AuditNote(action, null, Incident.Automatic, $"incident {incident.Id}", incident.Title), cancellationToken);
                Log.Changed(logger, incident.Id, action, incident.Cause);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Incident {Incident}: {Action} ({Cause}).")]
        public static partial void Changed(ILogger logger, long incident, string action, string cause);
    }
}
