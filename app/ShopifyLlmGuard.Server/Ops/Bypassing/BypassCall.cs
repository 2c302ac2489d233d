using System.Net;
using System.Text.Json;
using ShopifyLlmGuard.Serving.Bypassing;

namespace ShopifyLlmGuard.Server.Ops.Bypassing;

/// <summary>Asks one guard server, by signed message. Always comes back in time, with an answer or with a problem in words.</summary>
internal sealed class BypassCall(BypassKeys keys, TimeProvider clock) : IDisposable
{
    /// <summary>Tells a server that whoever sends it tells the others too.</summary>
    public const string RelayedHeader = "X-Guard-Relayed";
    private const int LargestReply = 64 * 1024;

    private readonly HttpClient client = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false, UseCookies = false, UseProxy = false, ConnectTimeout = TimeSpan.FromSeconds(2), PooledConnectionLifetime = TimeSpan.FromMinutes(5),
    })
    {
        Timeout = Timeout.InfiniteTimeSpan, MaxResponseContentBufferSize = LargestReply,
    };

    /// <summary>Tells a server of a decision.</summary>
    public async Task<(ServerReply Reply, BypassReply? Body)> TellAsync(
        string server, BypassDecision decision, bool relayed, TimeSpan limit, CancellationToken cancellationToken = default)
    {
        var began = clock.GetTimestamp();
        var (body, problem) = await SendAsync(server, HttpMethod.Post, JsonSerializer.SerializeToUtf8Bytes(BypassMessage.Of(decision), BypassMessage.Json), relayed, limit, cancellationToken);
        var confirmed = problem is null && body is { Mistakes.Count: 0 } && body.Standing?.Id == decision.Id;
        return (new ServerReply(server, confirmed, clock.GetElapsedTime(began).TotalMilliseconds, confirmed ? null : problem ?? Why(body)), body);
    }

    /// <summary>Asks a server how it stands.</summary>
    public Task<(BypassReply? Body, string? Problem)> AskAsync(string server, TimeSpan limit, CancellationToken cancellationToken = default) =>
        SendAsync(server, HttpMethod.Get, [], relayed: true, limit, cancellationToken);

    public void Dispose() => client.Dispose();

    private static string Why(BypassReply? body) => body switch
    {
        { Mistakes: { Count: > 0 } mistakes } => string.Join(' ', mistakes),
        { Standing: { } newer } => $"a newer decision stands: {(newer.On ? "on" : "off")} by {newer.Author} at {newer.At:u} ({newer.Reason})",
        _ => "its answer could not be understood",
    };

    private async Task<(BypassReply?, string?)> SendAsync(
        string server, HttpMethod method, byte[] body, bool relayed, TimeSpan limit, CancellationToken cancellationToken)
    {
        if (keys.All.Count == 0)
        {
            return (null, "nothing to sign with: set Bypass:Secrets or Shopify:TokenKey");
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        stop.CancelAfter(limit);
        try
        {
            using var request = new HttpRequestMessage(method, $"{server.TrimEnd('/')}/ops/bypass") { Content = method == HttpMethod.Get ? null : new ByteArrayContent(body) };
            var timestamp = BypassSignature.Timestamp(clock.GetUtcNow());
            request.Headers.Add(BypassSignature.TimestampHeader, timestamp);
            request.Headers.Add(BypassSignature.Header, BypassSignature.Of(keys.All, timestamp, body));
            if (relayed)
            {
                request.Headers.Add(RelayedHeader, "1");
            }

            using var response = await client.SendAsync(request, stop.Token);
            return response.StatusCode is HttpStatusCode.OK or HttpStatusCode.Conflict or HttpStatusCode.BadRequest
                ? (await JsonSerializer.DeserializeAsync<BypassReply>(await response.Content.ReadAsStreamAsync(stop.Token), BypassMessage.Json, stop.Token), null)
                : (null, response.StatusCode == HttpStatusCode.Unauthorized ? "it does not know our secret, or its clock differs" : $"it answered {(int)response.StatusCode}");
        }
        catch (OperationCanceledException)
        {
            return (null, $"no answer within {limit.TotalSeconds:0.#} s");
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or JsonException or UriFormatException or InvalidOperationException)
        {
            return (null, exception.GetBaseException().Message);
        }
    }
}
