using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using ShopifyLlmGuard.Incidents.Formats;

namespace ShopifyLlmGuard.Tests.Incidents;

/// <summary>A delivery as a monitoring system sends it, with the proof that it has.</summary>
internal sealed record Sent(string Source, string Body, string MediaType = "application/json")
{
    public const string Secret = "a-secret-of-the-tests", OtherSecret = "the-one-that-comes-next";

    public Dictionary<string, string> Headers { get; init; } = [];

    public HttpRequestMessage Request(string secret = Secret, DateTimeOffset? at = null) => Request(Encoding.UTF8.GetBytes(Body), secret, at);

    /// <summary>The same with other bytes, well proven.</summary>
    public HttpRequestMessage Request(byte[] bytes, string secret = Secret, DateTimeOffset? at = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, $"/ops/incidents/{Source}") { Content = new ByteArrayContent(bytes) };
        request.Content.Headers.ContentType = MediaType.Length == 0 ? null : MediaTypeHeaderValue.Parse(MediaType);
        var time = (at ?? GuardApp.Now).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        foreach (var (name, value) in Headers.Concat(Proof(Source, secret, bytes, time)))
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return request;
    }

    private static Dictionary<string, string> Proof(string source, string secret, byte[] body, string time) => source switch
    {
        IncidentSources.PagerDuty => new() { ["X-PagerDuty-Signature"] = $"v1={Hex(Secret + "x", body)},v1={Hex(secret, body)}" },
        IncidentSources.Grafana => new() { ["X-Grafana-Alerting-Signature"] = Hex(secret, Timed(time, body)), ["X-Signed-At"] = time },
        IncidentSources.Guard => new() { ["X-Guard-Signature"] = $"v1={Hex(secret, Timed(time, body))}", ["X-Guard-Timestamp"] = time },
        IncidentSources.NewRelic => new() { ["X-Api-Key"] = secret },
        IncidentSources.Datadog => new() { ["Authorization"] = $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"datadog:{secret}"))}" },
        _ => new() { ["Authorization"] = $"Bearer {secret}" },
    };

    private static byte[] Timed(string time, byte[] body) => [.. Encoding.UTF8.GetBytes($"{time}:"), .. body];

    private static string Hex(string secret, byte[] signed) => Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), signed));
}
