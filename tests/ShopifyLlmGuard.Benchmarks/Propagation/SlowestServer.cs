using System.Diagnostics;
using ShopifyLlmGuard.Browser;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Benchmarks.Propagation;

/// <summary>
/// Times a change until the first answer of the slowest server that shows it. Every server is asked again as soon as it has answered.
/// </summary>
internal sealed class SlowestServer(GuardFleet fleet) : IDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(20);
    private readonly List<ShopCaller> callers = [.. fleet.Servers.Select(server => new ShopCaller(server.Url))];

    /// <summary>Waits until every server knows the shops.</summary>
    public async Task WarmUpAsync()
    {
        foreach (var caller in callers)
        {
            await Eventually.TrueAsync(async () => await caller.AskAsync(ManyShops.Name(1)) == Reasons.NoEligibleEndpoint, "the server knows the shops", 60);
        }
    }

    /// <summary>Makes the change and asks for the reason.</summary>
    public async Task<OpenLoop.Sample> TimeAsync(string shop, string reason, Func<Task> change)
    {
        var watch = Stopwatch.StartNew();
        var changing = change();
        var seen = await Task.WhenAll(callers.Select(caller => SeesAsync(caller, shop, reason, watch)));
        await changing;
        return new(seen.Max(), seen.Max() < Longest.TotalMilliseconds);
    }

    public void Dispose() => callers.ForEach(caller => caller.Dispose());

    private static async Task<double> SeesAsync(ShopCaller caller, string shop, string reason, Stopwatch watch)
    {
        while (watch.Elapsed < Longest && await caller.AskAsync(shop) != reason)
        {
            // Ask again at once.
        }

        return watch.Elapsed.TotalMilliseconds;
    }
}
