using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Benchmarks.Propagation;

/// <summary>
/// Alerts as Alertmanager sends them, and their ends, each timed from the call at one server's door to the first answer of the slowest
/// server that shows the mode.
/// </summary>
internal sealed class AlertRun(GuardFleet fleet, int rounds) : IDisposable
{
    private readonly SlowestServer servers = new(fleet);
    private readonly HttpClient http = new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(5) }) { Timeout = TimeSpan.FromSeconds(20) };

    /// <summary>Milliseconds, one a change.</summary>
    public async Task<IReadOnlyList<OpenLoop.Sample>> RunAsync()
    {
        var samples = new List<OpenLoop.Sample>();
        for (var round = 0; round < rounds; round++)
        {
            var (shop, door, alert, began) = (
                ManyShops.Name(1 + (round * 83 % ManyShops.Count)), fleet.Servers[round % fleet.Servers.Count].Url, $"measured-{round}", TimeProvider.System.GetUtcNow());
            samples.Add(await servers.TimeAsync(shop, Reasons.Pinned, () => SendAsync(door, alert, began, null)));
            samples.Add(await servers.TimeAsync(shop, Reasons.NoEligibleEndpoint, () => SendAsync(door, alert, began, TimeProvider.System.GetUtcNow())));
        }

        return samples;
    }

    public void Dispose()
    {
        servers.Dispose();
        http.Dispose();
    }

    private async Task SendAsync(string door, string alert, DateTimeOffset began, DateTimeOffset? ended)
    {
        var (status, ends) = (ended is null ? "firing" : "resolved", ended?.ToString("O", CultureInfo.InvariantCulture) ?? "0001-01-01T00:00:00Z");
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{door}/ops/incidents/alertmanager")
        {
            Content = new StringContent(
                $$$"""
                {"version":"4","groupKey":"{}:{alertname=\"Measured\"}","truncatedAlerts":0,"status":"{{{status}}}","receiver":"guard","groupLabels":{"alertname":"Measured"},
                 "commonLabels":{"alertname":"Measured","severity":"critical"},"commonAnnotations":{},"externalURL":"http://alertmanager:9093",
                 "alerts":[{"status":"{{{status}}}","labels":{"alertname":"Measured","severity":"critical"},"annotations":{},"startsAt":"{{{began:O}}}","endsAt":"{{{ends}}}",
                  "generatorURL":"","fingerprint":"{{{alert}}}"}]}
                """, Encoding.UTF8, "application/json"),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", GuardFleet.Secret);
        using var response = await http.SendAsync(request);
        response.EnsureSuccessStatusCode();
    }
}
