using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Server.Shopify;
using ShopifyLlmGuard.Shops;

namespace ShopifyLlmGuard.Server.Trust;

/// <summary>
/// A page of the embedded admin. App Bridge adds the token to <c>fetch</c> as a bearer header; the browser's own navigation of
/// the frame carries it in the query. Which of the two it is decides how a caller without a good token is sent to get one.
/// A token may come again while it lives, so what a form does must be harmless when it is done twice.
/// </summary>
internal sealed partial class IdTokenScheme(
    IOptionsMonitor<AuthenticationSchemeOptions> schemeOptions, ILoggerFactory loggers, UrlEncoder encoder,
    IOptions<ShopifyOptions> options, CurrentShop currentShop)
    : AuthenticationHandler<AuthenticationSchemeOptions>(schemeOptions, loggers, encoder)
{
    public const string RetryHeader = "X-Shopify-Retry-Invalid-Session-Request";

    private string? Bearer => Request.Headers.Authorization is [{ } value] && value.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)
        ? value["Bearer ".Length..].Trim()
        : null;

    private bool IsDocument => Request.Headers.Authorization.Count == 0 && (HttpMethods.IsGet(Request.Method) || HttpMethods.IsHead(Request.Method));

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (IsDocument && EmbeddedVisit.Read(Request, options.Value) is not { IsEmbedded: true })
        {
            return AuthenticateResult.NoResult();
        }

        var text = IsDocument ? (Request.Query["id_token"] is [{ } single] ? single : null) : Bearer;
        if (string.IsNullOrEmpty(text))
        {
            return AuthenticateResult.NoResult();
        }

        var (token, refusal) = await IdToken.ProveAsync(text, options.Value, TimeProvider.GetUtcNow());
        if (token is null)
        {
            Log.Refused(Logger, refusal!);
            return AuthenticateResult.Fail(refusal!);
        }

        currentShop.Prove(token.Shop, token.UserId);
        Context.Features.Set(new ProvenIdToken(text));
        var identity = new ClaimsIdentity([new Claim("shop", token.Shop), new Claim("sub", token.UserId)], Scheme.Name, "sub", roleType: null);
        return AuthenticateResult.Success(new(new ClaimsPrincipal(identity), Scheme.Name));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        if (!IsDocument)
        {
            Response.StatusCode = StatusCodes.Status401Unauthorized;
            Response.Headers[RetryHeader] = "1";
            return Task.CompletedTask;
        }

        var visit = EmbeddedVisit.Read(Request, options.Value);
        if (visit is null)
        {
            // App Bridge finds the shop and a token from the frame that holds the page.
            return EmbeddedPages.WriteAsync(Response, EmbeddedPages.AppBridgeOnly(options.Value));
        }

        Response.Redirect(visit.IsEmbedded ? EmbeddedPages.BounceTo(Request) : visit.AddressInAdmin(options.Value));
        return Task.CompletedTask;
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "Refused an ID token: {Refusal}.")]
        public static partial void Refused(ILogger logger, string refusal);
    }
}

/// <summary>The token as it came, still good for an exchange.</summary>
internal sealed record ProvenIdToken(string Text);
