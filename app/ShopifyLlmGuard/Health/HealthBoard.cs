using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.EntityFrameworkCore;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Llm;
using ShopifyLlmGuard.Llm.Endpoints;

namespace ShopifyLlmGuard.Health;

/// <summary>What is known of every configured endpoint, from memory: the snapshot, and what this server found out since.</summary>
public sealed class HealthBoard
{
    private readonly EndpointList endpoints;
    private readonly Snapshots snapshots;
    private readonly IDbContextFactory<GuardDb> databases;
    private readonly TimeProvider clock;

    // What is not written yet, for instance because the database is away. It outranks the snapshot.
    private readonly ConcurrentDictionary<string, Snapshot.EndpointMark> unwritten = new();
    private long unwrittenVersion;

    // What was heard grows old by itself.
    private static readonly TimeSpan ReadAgain = TimeSpan.FromSeconds(1);
    private volatile Reading? last;

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
    internal bool HasNews => !unwritten.IsEmpty;

    internal EndpointHealth Read(LlmEndpoint endpoint)
    {
        var mark = unwritten.GetValueOrDefault(endpoint.Id) ?? snapshots.Current.Endpoints.GetValueOrDefault(endpoint.Id);
        return new EndpointHealth(
            endpoint.Id, endpoint.Region, endpoint.Jurisdiction, mark?.State ?? EndpointState.Up, mark?.Detail, mark?.Since,
            endpoint.AttestedUntil)
        {
            Finding = heard.TryGetValue(endpoint.Id, out var last) && last.Until > clock.GetUtcNow() ? last.Finding : Finding.Unknown,
        };
    }

    internal void Remember(string endpoint, Snapshot.EndpointMark mark)
    {
        unwritten[endpoint] = mark;
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
        var marks = unwritten.ToArray();
        if (marks.Length == 0)
        {
            return;
        }

        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        foreach (var (endpoint, mark) in marks)
        {
            var standing = await db.EndpointStandings.FindAsync([endpoint], cancellationToken);
            if (standing is null)
            {
                db.EndpointStandings.Add(standing = new EndpointStanding { Endpoint = endpoint, State = mark.State, Since = mark.Since });
            }

            (standing.State, standing.Detail, standing.Since) = (mark.State, mark.Detail, mark.Since);
            db.EndpointChanges.Add(new EndpointChange { Endpoint = endpoint, State = mark.State, Detail = mark.Detail, At = mark.Since });
        }

        await db.SaveAndTellAsync(cancellationToken);
        await snapshots.RefreshAsync(cancellationToken);
        foreach (var mark in marks)
        {
            unwritten.TryRemove(mark);
        }

        Interlocked.Increment(ref unwrittenVersion);
    }

    private IEnumerable<Measurement<int>> Measure(Func<EndpointHealth, int> value) => Read().Select(endpoint =>
        new Measurement<int>(value(endpoint), new("endpoint", endpoint.Endpoint), new("region", endpoint.Region)));

    private sealed record Reading(
        IReadOnlyList<LlmEndpoint> Listed, object Marks, long Version, long At, IReadOnlyList<EndpointHealth> Health);
}
