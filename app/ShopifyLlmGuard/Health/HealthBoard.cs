using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using Microsoft.EntityFrameworkCore;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Llm;
using ShopifyLlmGuard.Llm.Endpoints;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Health;

/// <summary>What is known of every configured endpoint, from memory: the snapshot, and what this server found out since.</summary>
public sealed class HealthBoard
{
    private readonly EndpointList endpoints;
    private readonly Snapshots snapshots;
    private readonly IDbContextFactory<GuardDb> databases;
    private readonly TimeProvider clock;

    // So many changes wait for a database that is away; of more, the oldest are lost.
    private const int MostUnwritten = 10_000;

    // What this server found out last about an endpoint, until it is written; and every change on the way there, oldest first.
    private readonly ConcurrentDictionary<string, Snapshot.EndpointMark> unwritten = new();
    private readonly List<(string Endpoint, Snapshot.EndpointMark Mark, DateTimeOffset At)> changes = [];
    private readonly Lock gate = new();
    private long unwrittenVersion;

    // What was heard grows old by itself.
    private static readonly TimeSpan ReadAgain = TimeSpan.FromSeconds(1);
    private volatile Reading? last;

    // Few pins hold a region, and every call asks for them.
    private volatile RegionalPins regional = new([], []);

    // What was observed last, and until when that says anything.
    private readonly ConcurrentDictionary<string, (Finding Finding, DateTimeOffset Until)> heard = new();

    public HealthBoard(
        EndpointList endpoints, Snapshots snapshots, IDbContextFactory<GuardDb> databases, GuardMeter meter, TimeProvider clock)
    {
        (this.endpoints, this.snapshots, this.databases, this.clock) = (endpoints, snapshots, databases, clock);
        meter.Observe("guard.endpoint.state", "0 up, 1 degraded, 2 down.", () => Measure(endpoint => (int)endpoint.State));
        meter.Observe("guard.endpoint.finding", "What was seen last: 1 healthy, 0 unknown, -1 unhealthy.", () => Measure(endpoint => (int)endpoint.Finding));
    }

    /// <summary>Every endpoint in service. The same list until something of it changes: every answer asks for it.</summary>
    public IReadOnlyList<EndpointHealth> Read()
    {
        var (listed, marks, version) = (endpoints.Current, snapshots.Current.Endpoints, Volatile.Read(ref unwrittenVersion));
        if (last is { } kept && ReferenceEquals(kept.Listed, listed) && ReferenceEquals(kept.Marks, marks) && kept.Version == version
            && clock.GetElapsedTime(kept.At) < ReadAgain)
        {
            return kept.Health;
        }

        var now = new Reading(listed, marks, version, clock.GetTimestamp(), [.. listed.Select(Read)]);
        last = now;
        return now.Health;
    }

    /// <summary>Whether something is not written yet.</summary>
    internal bool HasNews
    {
        get
        {
            lock (gate)
            {
                return changes.Count > 0;
            }
        }
    }

    /// <summary>Whether a pin keeps the feature away from a region, however healthy its endpoints are.</summary>
    internal bool IsHeld(string region, string shop, string feature)
    {
        var (pins, kept) = (snapshots.Current.Pins, regional);
        if (kept.Pins != pins)
        {
            regional = kept = new(pins, [.. pins.Where(pin => pin.Region is not null)]);
        }

        return ServingPolicy.IsHeld(region, shop, feature, kept.Regional, clock.GetUtcNow());
    }

    internal EndpointHealth Read(LlmEndpoint endpoint)
    {
        var mark = Newer(unwritten.GetValueOrDefault(endpoint.Id), snapshots.Current.Endpoints.GetValueOrDefault(endpoint.Id));
        return new EndpointHealth(
            endpoint.Id, endpoint.Region, endpoint.Jurisdiction, mark?.State ?? EndpointState.Up, mark?.Detail, mark?.Since,
            endpoint.AttestedUntil)
        {
            Finding = heard.TryGetValue(endpoint.Id, out var last) && last.Until > clock.GetUtcNow() ? last.Finding : Finding.Unknown,
        };
    }

    /// <summary>Takes a change that was found out here.</summary>
    /// <param name="endpoint">Whose.</param>
    /// <param name="mark">What stands from now on.</param>
    /// <param name="at">When it was found out; null when the mark says so. A mark may be later than that, to stand after one of a clock that is ahead.</param>
    internal void Remember(string endpoint, Snapshot.EndpointMark mark, DateTimeOffset? at = null)
    {
        lock (gate)
        {
            unwritten[endpoint] = mark;
            changes.Add((endpoint, mark, at ?? mark.Since));
            changes.RemoveRange(0, Math.Max(0, changes.Count - MostUnwritten));
        }

        Interlocked.Increment(ref unwrittenVersion);
    }

    /// <summary>Takes notice of an observation, whose time is over when it grows old.</summary>
    internal void Hear(string endpoint, Finding finding, DateTimeOffset until)
    {
        heard.AddOrUpdate(endpoint, (finding, until), (_, before) => before.Until > until ? before : (finding, until));
        Interlocked.Increment(ref unwrittenVersion);
    }

    /// <summary>Writes what this server found out, and tells the others. Throws what the database throws; then it stays in memory.</summary>
    internal async Task WriteAsync(CancellationToken cancellationToken)
    {
        List<(string Endpoint, Snapshot.EndpointMark Mark, DateTimeOffset At)> news;
        lock (gate)
        {
            news = [.. changes];
        }

        if (news.Count == 0)
        {
            return;
        }

        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        db.EndpointChanges.AddRange(news.Select(change => new EndpointChange
        {
            Endpoint = change.Endpoint, State = change.Mark.State, Detail = change.Mark.Detail, At = change.At,
        }));
        foreach (var last in news.GroupBy(change => change.Endpoint).Select(same => same.Last()).OrderBy(last => last.Endpoint, StringComparer.Ordinal))
        {
            await StandAsync(db, last.Endpoint, last.Mark, cancellationToken);
        }

        await db.SaveAndTellAsync(SnapshotChanges.In(SnapshotParts.Endpoints), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        await ForgetAsync(news, cancellationToken);
    }

    // What another server found out later stands.
    private static Task<int> StandAsync(GuardDb db, string endpoint, Snapshot.EndpointMark mark, CancellationToken cancellationToken) =>
        db.Database.ExecuteSqlAsync(
            $"""
             INSERT INTO guard.endpoint_standings AS standing (endpoint, state, detail, since)
             VALUES ({endpoint}, {mark.State.ToString()}, {mark.Detail}, {mark.Since})
             ON CONFLICT (endpoint) DO UPDATE SET state = EXCLUDED.state, detail = EXCLUDED.detail, since = EXCLUDED.since
             WHERE standing.since <= EXCLUDED.since
             """, cancellationToken);

    // First from the list, so that nothing is written twice; the marks go when the snapshot has them.
    private async Task ForgetAsync(List<(string Endpoint, Snapshot.EndpointMark Mark, DateTimeOffset At)> news, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            var written = news.Select(change => change.Mark).ToHashSet(ReferenceEqualityComparer.Instance);
            changes.RemoveAll(change => written.Contains(change.Mark));
        }

        await snapshots.RefreshAsync(cancellationToken);
        foreach (var (endpoint, mark, _) in news)
        {
            unwritten.TryRemove(KeyValuePair.Create(endpoint, mark));
        }

        Interlocked.Increment(ref unwrittenVersion);
    }

    private static Snapshot.EndpointMark? Newer(Snapshot.EndpointMark? own, Snapshot.EndpointMark? known) =>
        own is null || known?.Since > own.Since ? known : own;

    private IEnumerable<Measurement<int>> Measure(Func<EndpointHealth, int> value) => Read().Select(endpoint =>
        new Measurement<int>(value(endpoint), new("endpoint", endpoint.Endpoint), new("region", endpoint.Region)));

    private sealed record RegionalPins(ImmutableArray<Pin> Pins, ImmutableArray<Pin> Regional);

    private sealed record Reading(
        IReadOnlyList<LlmEndpoint> Listed, object Marks, long Version, long At, IReadOnlyList<EndpointHealth> Health);
}
