using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Server.Shopify;
using ShopifyLlmGuard.Shops;

namespace ShopifyLlmGuard.Server.Trust;

/// <summary>
/// A storefront request that came through Shopify. The signature covers the query only, and stays good for 90 seconds: the same
/// request may come again. Nothing behind this door changes any state, so a replay costs an answer and does no harm.
/// </summary>
internal sealed partial class AppProxyScheme(
    IOptionsMonitor<AuthenticationSchemeOptions> schemeOptions, ILoggerFactory loggers, UrlEncoder encoder,
    IOptions<ShopifyOptions> options, CurrentShop currentShop)
    : AuthenticationHandler<AuthenticationSchemeOptions>(schemeOptions, loggers, encoder)
{
    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var (query, refusal) = SignedQuery.Prove(Request.QueryString.Value, options.Value.Secrets, TimeProvider.GetUtcNow());
        if (query is null)
        {
            Log.Refused(Logger, refusal!);
            return Task.FromResult(AuthenticateResult.Fail(refusal!));
        }

        currentShop.Prove(query.Shop);
        Context.Features.Set(query);
        var identity = new ClaimsIdentity([new Claim("shop", query.Shop)], Scheme.Name);
        return Task.FromResult(AuthenticateResult.Success(new(new ClaimsPrincipal(identity), Scheme.Name)));
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "Refused a storefront request: {Refusal}.")]
        public static partial void Refused(ILogger logger, string refusal);
    }
}
