using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using ShopifyLlmGuard.Browser;
using ShopifyLlmGuard.Simulator.Storefront.Proxy;

namespace ShopifyLlmGuard.Benchmarks;

/// <summary>Shopify's app proxy as the guard sees it: signed requests of many shoppers, half of them chat, half recommendations.</summary>
internal sealed class ProxyCaller(string guard) : IDisposable
{
    private static readonly string[] Questions =
    [
        "Which blood pressure monitor is good for travel?", "Do you have plasters for swimming?", "Something against blisters",
        "A thermometer for a sleeping baby", "How do I reach you?", "Compression socks for a long flight",
    ];

    private readonly HttpClient http = new(new SocketsHttpHandler { MaxConnectionsPerServer = 256 }) { BaseAddress = new(guard) };
    private readonly long[] products = ReadProducts();

    /// <summary>Sends call number <paramref name="index"/>; true when the answer is a 200 with a source.</summary>
    public async Task<bool> SendAsync(int index)
    {
        using var request = index % 2 == 0 ? Chat(index) : Recommendations(index);
        request.Headers.Add("X-Forwarded-For", $"192.0.2.{index % 250}");
        try
        {
            using var response = await http.SendAsync(request);
            using var answer = await JsonDocument.ParseAsync(await response.Content.ReadAsStreamAsync());
            return response.IsSuccessStatusCode && answer.RootElement.TryGetProperty("source", out _);
        }
        catch (Exception failure) when (failure is HttpRequestException or JsonException or TaskCanceledException)
        {
            return false;
        }
    }

    public void Dispose() => http.Dispose();

    private static HttpRequestMessage Chat(int index) => new(HttpMethod.Post, "/proxy/chat" + Query())
    {
        Content = JsonContent.Create(new { message = Questions[index % Questions.Length] }),
    };

    private HttpRequestMessage Recommendations(int index) => new(
        HttpMethod.Get,
        "/proxy/recommendations" + Query(new("product_id", products[index % products.Length].ToString(CultureInfo.InvariantCulture)), new("limit", "4")));

    private static string Query(params KeyValuePair<string, string>[] own)
    {
        List<KeyValuePair<string, string>> all =
        [
            .. own,
            new("shop", RunningShop.ShopDomain),
            new("logged_in_customer_id", ""),
            new("path_prefix", "/apps/guard"),
            new("timestamp", TimeProvider.System.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)),
        ];
        all.Add(new("signature", ProxySignature.Of(all, "dev-client-secret")));
        return "?" + string.Join('&', all.Select(one => $"{one.Key}={Uri.EscapeDataString(one.Value)}"));
    }

    private static long[] ReadProducts()
    {
        var path = Path.Combine(Programs.Root, "tests", "ShopifyLlmGuard.Simulator", "Shop", "products.json");
        using var file = JsonDocument.Parse(File.ReadAllBytes(path));
        return [.. file.RootElement.EnumerateArray().Select(product => product.GetProperty("id").GetInt64())];
    }
}
