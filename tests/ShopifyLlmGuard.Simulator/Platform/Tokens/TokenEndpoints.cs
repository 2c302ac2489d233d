using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Simulator.Shop;

namespace ShopifyLlmGuard.Simulator.Platform.Tokens;

/// <summary>`POST /admin/oauth/access_token`: token exchange and refresh, JSON or form.</summary>
internal static class TokenEndpoints
{
    private const string ExchangeGrant = "urn:ietf:params:oauth:grant-type:token-exchange";
    private const string IdTokenType = "urn:ietf:params:oauth:token-type:id_token";
    private const string OfflineType = "urn:shopify:params:oauth:token-type:offline-access-token";

    public static void MapTokens(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/admin/oauth/access_token", Issue).DisableAntiforgery();

    private static async Task<IResult> Issue(
        HttpRequest request, IdTokens idTokens, Installation installation, TokenDesk desk,
        IOptions<SimulatorOptions> simulator, ShopState shop, TimeProvider clock)
    {
        if (await ReadAsync(request) is not { } form)
        {
            return Refused("invalid_request", "The body is neither a JSON object nor a form.");
        }

        var app = simulator.Value;
        if (form("client_id") != app.ClientId || form("client_secret") != app.ClientSecret)
        {
            return Refused("invalid_client", "Unknown client id or wrong client secret.");
        }

        if (installation.Uninstalled)
        {
            return Refused("invalid_client", "The app is not installed on this shop.");
        }

        return form("grant_type") switch
        {
            ExchangeGrant => Exchange(form, idTokens, desk, Answer),
            "refresh_token" => desk.Refresh(form("refresh_token")) is { } pair
                ? Answer(pair) : Refused("invalid_grant", "This refresh token is expired, replaced or unknown."),
            _ => Refused("unsupported_grant_type", "Only token exchange and refresh are offered."),
        };

        IResult Answer(TokenPair pair) => Results.Json(new
        {
            access_token = pair.Access,
            scope = string.Join(',', shop.GrantedScopes),
            expires_in = Seconds(pair.AccessUntil),
            refresh_token = pair.Refresh,
            refresh_token_expires_in = Seconds(pair.RefreshUntil),
        });

        long Seconds(DateTimeOffset until) => (long)Math.Round((until - clock.GetUtcNow()).TotalSeconds);
    }

    private static IResult Exchange(
        Func<string, string?> form, IdTokens idTokens, TokenDesk desk, Func<TokenPair, IResult> answer)
    {
        if (form("subject_token_type") != IdTokenType || form("requested_token_type") is not (null or OfflineType))
        {
            return Refused("invalid_request", "The simulator exchanges ID tokens for offline tokens only.");
        }

        if (form("expiring") != "1")
        {
            return Refused("invalid_request", "Public apps made since April 2026 must ask with expiring=1.");
        }

        return idTokens.Refuse(form("subject_token")) is { } reason
            ? Refused("invalid_subject_token", reason) : answer(desk.Exchange());
    }

    private static async Task<Func<string, string?>?> ReadAsync(HttpRequest request)
    {
        if (request.HasFormContentType)
        {
            var form = await request.ReadFormAsync(request.HttpContext.RequestAborted);
            return name => form[name] is [{ } only] ? only : null;
        }

        try
        {
            var body = await JsonNode.ParseAsync(request.Body, cancellationToken: request.HttpContext.RequestAborted);
            return body is JsonObject json ? name => json[name]?.ToString() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static IResult Refused(string error, string description) =>
        Results.Json(new { error, error_description = description }, statusCode: StatusCodes.Status400BadRequest);
}
