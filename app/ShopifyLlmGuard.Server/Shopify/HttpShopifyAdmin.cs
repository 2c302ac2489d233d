using System.Globalization;
using System.Net;
using Microsoft.Extensions.Options;

namespace ShopifyLlmGuard.Server.Shopify;

/// <summary>The Admin API over <see cref="HttpClient"/>.</summary>
internal sealed class HttpShopifyAdmin(HttpClient http, IOptions<ShopifyOptions> options, TimeProvider clock) : IShopifyAdmin
{
    public async Task<AdminReply> RunAsync(
        string shop, string accessToken, AdminDocument document, object? variables, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, options.Value.AddressIn(shop, $"/admin/api/{AdminDocument.ApiVersion}/graphql.json"));
        request.Headers.Add("X-Shopify-Access-Token", accessToken);
        request.Content = JsonContent.Create(new { query = document.Text, operationName = document.Name, variables });
        var (response, why) = await SendAsync(request, cancellationToken);
        return response is null ? new AdminReply.Unavailable(why) : response.Status switch
        {
            HttpStatusCode.OK => AdminReplies.Read(response.Body),
            HttpStatusCode.Unauthorized => new AdminReply.Unauthorized(),
            HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable when response.RetryAfter is { } after => new AdminReply.Throttled(after),
            HttpStatusCode.TooManyRequests => new AdminReply.Throttled(TimeSpan.FromSeconds(1)),
            >= HttpStatusCode.InternalServerError => new AdminReply.Unavailable($"http {(int)response.Status}"),
            _ => new AdminReply.Refused($"HTTP_{(int)response.Status}", "Shopify refused the call."),
        };
    }

    public Task<TokenReply> ExchangeAsync(string shop, string idToken, CancellationToken cancellationToken) => AskAsync(shop, new
    {
        client_id = options.Value.ClientId,
        client_secret = options.Value.ClientSecret,
        grant_type = "urn:ietf:params:oauth:grant-type:token-exchange",
        subject_token = idToken,
        subject_token_type = "urn:ietf:params:oauth:token-type:id_token",
        requested_token_type = "urn:shopify:params:oauth:token-type:offline-access-token",
        expiring = "1", // Public apps may not hold tokens that never expire.
    }, cancellationToken);

    public Task<TokenReply> RefreshAsync(string shop, string refreshToken, CancellationToken cancellationToken) => AskAsync(shop, new
    {
        client_id = options.Value.ClientId,
        client_secret = options.Value.ClientSecret,
        grant_type = "refresh_token",
        refresh_token = refreshToken,
    }, cancellationToken);

    private async Task<TokenReply> AskAsync(string shop, object form, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, options.Value.AddressIn(shop, "/admin/oauth/access_token"));
        request.Headers.Accept.Add(new("application/json"));
        request.Content = JsonContent.Create(form);
        var (response, why) = await SendAsync(request, cancellationToken);
        return response is null ? new TokenReply.Unavailable(why) : response.Status switch
        {
            HttpStatusCode.OK => TokenReplies.Read(response.Body),
            HttpStatusCode.TooManyRequests => new TokenReply.Throttled(response.RetryAfter ?? TimeSpan.FromSeconds(1)),
            >= HttpStatusCode.InternalServerError => new TokenReply.Unavailable($"http {(int)response.Status}"),
            _ => TokenReplies.ReadRefusal(response.Status, response.Body),
        };
    }

    private async Task<(Received? Response, string Why)> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(options.Value.CallWithin, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            using var response = await http.SendAsync(request, either.Token);
            return (new(response.StatusCode, await response.Content.ReadAsByteArrayAsync(either.Token), WaitOf(response)), "");
        }
        catch (HttpRequestException exception)
        {
            return (null, exception.HttpRequestError.ToString());
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (null, "timeout");
        }
    }

    // Seconds, perhaps with a fraction ("2.0"), which the typed header does not read.
    private static TimeSpan? WaitOf(HttpResponseMessage response) =>
        response.Headers.TryGetValues("Retry-After", out var values)
        && double.TryParse(values.First(), CultureInfo.InvariantCulture, out var seconds)
            ? TimeSpan.FromSeconds(Math.Clamp(seconds, 0, 3600))
            : null;

    private sealed record Received(HttpStatusCode Status, byte[] Body, TimeSpan? RetryAfter);
}
