using System.Collections.Concurrent;

namespace ShopifyLlmGuard.Server.Jobs;

/// <summary>Which rounds run in this process, and when each last began.</summary>
internal sealed class RoundTimes(TimeProvider clock)
{
    private readonly ConcurrentDictionary<string, byte> running = [];
    private readonly ConcurrentDictionary<string, DateTimeOffset> began = [];

    public bool TryBegin(string name)
    {
        if (!running.TryAdd(name, 0))
        {
            return false;
        }

        began[name] = clock.GetUtcNow();
        return true;
    }

    public void End(string name) => running.TryRemove(name, out _);

    public bool HasRunSince(string name, DateTimeOffset since) => running.ContainsKey(name) || (began.TryGetValue(name, out var at) && at >= since);
}
