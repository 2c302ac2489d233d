using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using ShopifyLlmGuard.Browser;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Benchmarks.Propagation;

/// <summary>
/// The bypass on and off again while the database is stopped: a signed message to one server, timed from the call to the first answer
/// of the slowest server that shows it.
/// </summary>
internal sealed class BypassRun(GuardFleet fleet, int rounds) : IDisposable
{
    private readonly SlowestServer servers = new(fleet);
    private readonly HttpClient http = new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(5) }) { Timeout = TimeSpan.FromSeconds(20) };

    /// <summary>Milliseconds, one a change.</summary>
    public async Task<IReadOnlyList<OpenLoop.Sample>> RunAsync()
    {
        var samples = new List<OpenLoop.Sample>();
        fleet.Postgres.Stop();
        try
        {
            for (var round = 0; round < rounds; round++)
            {
                var (shop, door) = (ManyShops.Name(1 + (round * 89 % ManyShops.Count)), fleet.Servers[round % fleet.Servers.Count].Url);
                samples.Add(await servers.TimeAsync(shop, Reasons.Bypass, () => TellAsync(door, on: true)));
                samples.Add(await servers.TimeAsync(shop, Reasons.NoEligibleEndpoint, () => TellAsync(door, on: false)));
            }
        }
        finally
        {
            fleet.Postgres.Start();
        }

        await BackAsync();
        return samples;
    }

    public void Dispose()
    {
        servers.Dispose();
        http.Dispose();
    }

    // Whoever measures next begins with servers that follow the database again.
    private async Task BackAsync()
    {
        var pins = fleet.Desk.GetRequiredService<PinBoard>();
        Pin? pin = null;
        await Eventually.TrueAsync(async () => (pin = await TryPinAsync(pins)) is not null, "the database answers", 60);
        await servers.TimeAsync(ManyShops.Name(1), Reasons.Pinned, () => Task.CompletedTask);
        await servers.TimeAsync(ManyShops.Name(1), Reasons.NoEligibleEndpoint, () => pins.ReleaseAsync(pin!.Id, "benchmark", "it is back"));
    }

    private static async Task<Pin?> TryPinAsync(PinBoard pins)
    {
        try
        {
            return await pins.PinAsync(new(null, null, Mode.Fallback, PinHolder.Human, "benchmark", "the database is back"));
        }
        catch (Exception failure) when (failure is Npgsql.NpgsqlException or DbUpdateException or InvalidOperationException or TimeoutException)
        {
            return null;
        }
    }

    private async Task TellAsync(string door, bool on)
    {
        var body = $$"""{"on":{{(on ? "true" : "false")}},"reason":"a measurement","author":"benchmark"}""";
        var now = (TimeProvider.System.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalSeconds.ToString("0.000000", CultureInfo.InvariantCulture);
        var signature = HMACSHA256.HashData(Encoding.UTF8.GetBytes(GuardFleet.Secret), Encoding.UTF8.GetBytes($"{now}.{body}"));
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{door}/ops/bypass") { Content = new StringContent(body) };
        request.Headers.Add("X-Guard-Timestamp", now);
        request.Headers.Add("X-Guard-Signature", $"v1={Convert.ToHexStringLower(signature)}");
        using var response = await http.SendAsync(request);
        response.EnsureSuccessStatusCode();
    }
}
