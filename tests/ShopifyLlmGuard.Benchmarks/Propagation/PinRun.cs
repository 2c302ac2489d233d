using Microsoft.Extensions.DependencyInjection;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Benchmarks.Propagation;

/// <summary>Pins and releases, for all shops and for one, each timed from the operator's call.</summary>
internal sealed class PinRun(GuardFleet fleet, int rounds) : IDisposable
{
    private readonly SlowestServer servers = new(fleet);

    /// <summary>Milliseconds, one a change.</summary>
    public async Task<IReadOnlyList<OpenLoop.Sample>> RunAsync()
    {
        var pins = fleet.Desk.GetRequiredService<PinBoard>();
        await servers.WarmUpAsync();
        var samples = new List<OpenLoop.Sample>();
        for (var round = 0; round < rounds; round++)
        {
            var shop = ManyShops.Name(1 + (round * 97 % ManyShops.Count));
            Pin? pin = null;
            samples.Add(await servers.TimeAsync(shop, Reasons.Pinned, async () =>
                pin = await pins.PinAsync(new(round % 2 == 0 ? null : shop, null, Mode.Fallback, PinHolder.Human, "benchmark", "a measurement"))));
            samples.Add(await servers.TimeAsync(shop, Reasons.NoEligibleEndpoint, () => pins.ReleaseAsync(pin!.Id, "benchmark", "measured")));
        }

        return samples;
    }

    public void Dispose() => servers.Dispose();
}
