#if PUBLIC_FEED
using System.Text.Json;
using Microsoft.Extensions.Options;
using ShopifySharp;
using ShopifySharp.Services.Graph;

namespace ShopifyLlmGuard.Server.Shopify;

/// <summary>
/// The Admin API over ShopifySharp. It knows neither token exchange nor refresh tokens, so those stay with
/// <see cref="HttpShopifyAdmin"/>; and its exceptions end here, as values.
/// </summary>
internal sealed class ShopifySharpAdmin(HttpShopifyAdmin tokens, HttpClient http, IOptions<ShopifyOptions> options, TimeProvider clock) : IShopifyAdmin
{
    public async Task<AdminReply> RunAsync(
        string shop, string accessToken, AdminDocument document, object? variables, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(options.Value.CallWithin, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        var graph = new GraphService(shop, accessToken, AdminDocument.ApiVersion);
        graph.SetHttpClient(http);
        try
        {
            using var result = await graph.PostAsync(new GraphRequest
            {
                Query = document.Text,
                Variables = JsonSerializer.SerializeToElement(variables, JsonSerializerOptions.Web).Deserialize<Dictionary<string, object>>(),
                UserErrorHandling = GraphRequestUserErrorHandling.DoNotThrow,
            }, either.Token);
            using var answer = JsonDocument.Parse(result.Json.GetRawText());
            return AdminReplies.Read(answer.RootElement);
        }
        catch (ShopifyRateLimitException exception)
        {
            return new AdminReply.Throttled(TimeSpan.FromSeconds(exception.RetryAfterSeconds ?? 1));
        }
        catch (ShopifyGraphErrorsException exception)
        {
            return Read(exception.GraphErrors);
        }
        catch (ShopifyHttpException exception)
        {
            return (int)exception.HttpStatusCode switch
            {
                401 => new AdminReply.Unauthorized(),
                >= 500 and var status => new AdminReply.Unavailable($"http {status}"),
                var status => new AdminReply.Refused($"HTTP_{status}", "Shopify refused the call."),
            };
        }
        catch (Exception exception) when (exception is ShopifyException or HttpRequestException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return new AdminReply.Unavailable(exception.GetType().Name);
        }
    }

    public Task<TokenReply> ExchangeAsync(string shop, string idToken, CancellationToken cancellationToken) =>
        tokens.ExchangeAsync(shop, idToken, cancellationToken);

    public Task<TokenReply> RefreshAsync(string shop, string refreshToken, CancellationToken cancellationToken) =>
        tokens.RefreshAsync(shop, refreshToken, cancellationToken);

    // ShopifySharp drops the cost with which one could tell how long to wait.
    private static AdminReply Read(IReadOnlyList<GraphError> errors) => errors switch
    {
        [{ Extensions.Code: "THROTTLED" }, ..] => new AdminReply.Throttled(TimeSpan.FromSeconds(1)),
        [var error, ..] => new AdminReply.Refused(error.Extensions?.Code ?? "ERROR", error.Message),
        _ => new AdminReply.Unavailable("an empty list of errors"),
    };
}

/// <summary>
/// ShopifySharp always calls https on the shop's own host; this sends the call where <c>Shopify:ShopUrl</c> says. It also throws
/// at an error that has no content type, and loses the status with that; so every answer gets one.
/// </summary>
internal sealed class ToShopUrl(IOptions<ShopifyOptions> options) : DelegatingHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        request.RequestUri = options.Value.AddressIn(request.RequestUri!.Host, request.RequestUri.PathAndQuery);
        var response = await base.SendAsync(request, cancellationToken);
        response.Content.Headers.ContentType ??= new("text/plain");
        return response;
    }
}
#endif
