using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using ShopifyLlmGuard.Browser;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Benchmarks.Propagation;

/// <summary>
/// Pins and releases, for all shops and for one, each timed from the operator's call to the first answer of the slowest server
/// that shows it. Every server is asked again as soon as it has answered.
/// </summary>
internal sealed class PinRun(GuardFleet fleet, int rounds) : IDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(20);
    private readonly List<ShopCaller> callers = [.. fleet.Servers.Select(server => new ShopCaller(server.Url))];

    /// <summary>Milliseconds, one a change.</summary>
    public async Task<IReadOnlyList<OpenLoop.Sample>> RunAsync()
    {
        var pins = fleet.Desk.GetRequiredService<PinBoard>();
        foreach (var caller in callers)
        {
            await Eventually.TrueAsync(async () => await caller.AskAsync(ManyShops.Name(1)) == Reasons.NoEligibleEndpoint, "the server knows the shops", 60);
        }

        var samples = new List<OpenLoop.Sample>();
        for (var round = 0; round < rounds; round++)
        {
            var shop = ManyShops.Name(1 + (round * 97 % ManyShops.Count));
            Pin? pin = null;
            samples.Add(await TimeAsync(shop, Reasons.Pinned, async () =>
                pin = await pins.PinAsync(new(round % 2 == 0 ? null : shop, null, Mode.Fallback, PinHolder.Human, "benchmark", "a measurement"))));
            samples.Add(await TimeAsync(shop, Reasons.NoEligibleEndpoint, () => pins.ReleaseAsync(pin!.Id, "benchmark", "measured")));
        }

        return samples;
    }

    public void Dispose() => callers.ForEach(caller => caller.Dispose());

    private async Task<OpenLoop.Sample> TimeAsync(string shop, string reason, Func<Task> change)
    {
        var watch = Stopwatch.StartNew();
        var changing = change();
        var seen = await Task.WhenAll(callers.Select(caller => SeesAsync(caller, shop, reason, watch)));
        await changing;
        return new(seen.Max(), seen.Max() < Longest.TotalMilliseconds);
    }

    private static async Task<double> SeesAsync(ShopCaller caller, string shop, string reason, Stopwatch watch)
    {
        while (watch.Elapsed < Longest && await caller.AskAsync(shop) != reason)
        {
            // Ask again at once.
        }

        return watch.Elapsed.TotalMilliseconds;
    }
}
