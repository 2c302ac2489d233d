using System.Collections.Concurrent;

namespace ShopifyLlmGuard.Simulator.Storefront.Proxy;

/// <summary>One request that the app proxy sent on to the app.</summary>
internal sealed record ForwardedRequest(DateTimeOffset At, string Method, string Url, int Status);

/// <summary>What the app proxy forwarded lately: how a test knows that a page asked the app nothing.</summary>
internal sealed class ProxyLog
{
    private const int Longest = 200;
    private readonly ConcurrentQueue<ForwardedRequest> requests = new();

    public IReadOnlyCollection<ForwardedRequest> Requests => requests;

    public void Add(ForwardedRequest request)
    {
        requests.Enqueue(request);
        while (requests.Count > Longest && requests.TryDequeue(out _))
        {
        }
    }

    public void Clear() => requests.Clear();
}
