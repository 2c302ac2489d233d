using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Server.Shopify;

namespace ShopifyLlmGuard.Server.Trust;

/// <summary>A delivery that Shopify signed. Only the body is proven: the headers are claims that the processing must not trust far.</summary>
internal sealed partial class WebhookScheme(
    IOptionsMonitor<AuthenticationSchemeOptions> schemeOptions, ILoggerFactory loggers, UrlEncoder encoder, IOptions<ShopifyOptions> options)
    : AuthenticationHandler<AuthenticationSchemeOptions>(schemeOptions, loggers, encoder)
{
    private bool tooLarge;

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var body = await RawBody.ReadAsync(Request);
        tooLarge = body is null;
        if (body is null || !SignedBody.IsSigned(body, Request.Headers["X-Shopify-Hmac-Sha256"], options.Value.Secrets))
        {
            Log.Refused(Logger, Request.ContentLength);
            return AuthenticateResult.Fail("not signed");
        }

        Context.Features.Set(new ProvenBody(body));
        return AuthenticateResult.Success(new(new ClaimsPrincipal(new ClaimsIdentity(Scheme.Name)), Scheme.Name));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.StatusCode = tooLarge ? StatusCodes.Status413PayloadTooLarge : StatusCodes.Status401Unauthorized;
        return Task.CompletedTask;
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Refused a webhook of {Length} bytes: too large, or not signed with our secret.")]
        public static partial void Refused(ILogger logger, long? length);
    }
}
