using System.Collections.Concurrent;

namespace ShopifyLlmGuard.Server.Jobs;

/// <summary>Which rounds run in this process, and when each last began.</summary>
internal sealed class RoundTimes(TimeProvider clock)
{
    private readonly ConcurrentDictionary<string, byte> _running = [];
    private readonly ConcurrentDictionary<string, DateTimeOffset> _began = [];

    public bool TryBegin(string name)
    {
        if (!_running.TryAdd(name, 0))
        {
            return false;
        }

        _began[name] = clock.GetUtcNow();
        return true;
    }

    public void End(string name) => _running.TryRemove(name, out _);

    public bool HasRunSince(string name, DateTimeOffset since) => _running.ContainsKey(name) || (_began.TryGetValue(name, out var began) && began >= since);
}
