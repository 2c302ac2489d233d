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

    // What is not written yet, for instance because the database is away. It outranks the snapshot.
    private readonly ConcurrentDictionary<string, Snapshot.EndpointMark> unwritten = new();
    private long unwrittenVersion;
    private volatile Reading? last;

    public HealthBoard(EndpointList endpoints, Snapshots snapshots, IDbContextFactory<GuardDb> databases, GuardMeter meter)
    {
        (this.endpoints, this.snapshots, this.databases) = (endpoints, snapshots, databases);
        meter.Observe("guard.endpoint.state", "0 up, 1 degraded, 2 down.", () => Read().Select(endpoint =>
            new Measurement<int>((int)endpoint.State, new("endpoint", endpoint.Endpoint), new("region", endpoint.Region))));
    }

    /// <summary>Every endpoint in service. The same list until something of it changes: every answer asks for it.</summary>
    public IReadOnlyList<EndpointHealth> Read()
    {
        var (listed, marks, version) = (endpoints.Current, snapshots.Current.Endpoints, Volatile.Read(ref unwrittenVersion));
        if (last is { } kept && ReferenceEquals(kept.Listed, listed) && ReferenceEquals(kept.Marks, marks) && kept.Version == version)
        {
            return kept.Health;
        }

        last = new Reading(listed, marks, version, [.. listed.Select(Read)]);
        return last.Health;
    }

    internal EndpointHealth Read(LlmEndpoint endpoint)
    {
        var mark = unwritten.GetValueOrDefault(endpoint.Id) ?? snapshots.Current.Endpoints.GetValueOrDefault(endpoint.Id);
        return new EndpointHealth(
            endpoint.Id, endpoint.Region, endpoint.Jurisdiction, mark?.State ?? EndpointState.Up, mark?.Detail, mark?.Since,
            endpoint.AttestedUntil);
    }

    internal void Remember(string endpoint, Snapshot.EndpointMark mark)
    {
        unwritten[endpoint] = mark;
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

    private sealed record Reading(
        IReadOnlyList<LlmEndpoint> Listed, object Marks, long Version, IReadOnlyList<EndpointHealth> Health);
}
