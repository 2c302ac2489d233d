using System.Collections.Concurrent;

namespace ShopifyLlmGuard.Server.Jobs;

/// <summary>Which rounds run in this process, so that a slow one does not meet itself.</summary>
internal sealed class RunningRounds
{
    private readonly ConcurrentDictionary<string, byte> running = [];

    public bool TryBegin(string name) => running.TryAdd(name, 0);

    public void End(string name) => running.TryRemove(name, out _);
}
