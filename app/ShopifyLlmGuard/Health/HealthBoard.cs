using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Llm;

namespace ShopifyLlmGuard.Health;

/// <summary>What is known of every configured endpoint, from memory: the snapshot, and what this server found out since.</summary>
public sealed class HealthBoard(IOptions<LlmOptions> llm, Snapshots snapshots)
{
    // What could not be written yet because the database was away. It outranks the snapshot until it is written.
    private readonly ConcurrentDictionary<string, Snapshot.EndpointMark> unwritten = new();

    /// <summary>Every configured endpoint, in order of preference.</summary>
    public IReadOnlyList<EndpointHealth> Read() => [.. llm.Value.Endpoints.Select(Read)];

    internal EndpointHealth Read(LlmEndpoint endpoint)
    {
        var mark = unwritten.GetValueOrDefault(endpoint.Id) ?? snapshots.Current.Endpoints.GetValueOrDefault(endpoint.Id);
        return new EndpointHealth(
            endpoint.Id, endpoint.Region, endpoint.Jurisdiction, mark?.State ?? EndpointState.Up, mark?.Detail, mark?.Since);
    }

    internal IReadOnlyDictionary<string, Snapshot.EndpointMark> Unwritten => unwritten;

    internal void Remember(string endpoint, Snapshot.EndpointMark mark) => unwritten[endpoint] = mark;

    internal void Written(string endpoint, Snapshot.EndpointMark mark) => unwritten.TryRemove(KeyValuePair.Create(endpoint, mark));
}
