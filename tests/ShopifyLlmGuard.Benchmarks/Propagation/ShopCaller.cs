using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using ShopifyLlmGuard.Simulator.Storefront.Proxy;

namespace ShopifyLlmGuard.Benchmarks.Propagation;

/// <summary>What a shopper gets from one server: a signed question through its storefront door.</summary>
internal sealed class ShopCaller(string server) : IDisposable
{
    private readonly HttpClient http = new(new SocketsHttpHandler { MaxConnectionsPerServer = 64 })
    {
        BaseAddress = new(server), Timeout = TimeSpan.FromSeconds(10),
    };

    /// <summary>The reason of the answer, "live" without one; null when it was no answer at all.</summary>
    public async Task<string?> AskAsync(string shop)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/proxy/chat" + Query(shop))
        {
            Content = JsonContent.Create(new { message = "How long does delivery take?" }),
        };
        try
        {
            using var response = await http.SendAsync(request);
            using var answer = await JsonDocument.ParseAsync(await response.Content.ReadAsStreamAsync());
            return response.IsSuccessStatusCode && answer.RootElement.TryGetProperty("source", out _)
                ? response.Headers.TryGetValues("X-Guard-Reason", out var reasons) ? reasons.First() : "live"
                : null;
        }
        catch (Exception failure) when (failure is HttpRequestException or JsonException or TaskCanceledException)
        {
            return null;
        }
    }

    public void Dispose() => http.Dispose();

    private static string Query(string shop)
    {
        List<KeyValuePair<string, string>> all =
        [
            new("shop", shop), new("logged_in_customer_id", ""), new("path_prefix", "/apps/guard"),
            new("timestamp", TimeProvider.System.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)),
        ];
        all.Add(new("signature", ProxySignature.Of(all, "dev-client-secret")));
        return "?" + string.Join('&', all.Select(one => $"{one.Key}={Uri.EscapeDataString(one.Value)}"));
    }
}
