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
    public const int MaximumBytes = 1024 * 1024;

    private bool tooLarge;

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var body = await ReadAsync();
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

    private async Task<byte[]?> ReadAsync()
    {
        using var body = new MemoryStream();
        var buffer = new byte[16 * 1024];
        for (int read; (read = await Request.Body.ReadAsync(buffer, Context.RequestAborted)) > 0;)
        {
            body.Write(buffer, 0, read);
            if (body.Length > MaximumBytes)
            {
                tooLarge = true;
                return null;
            }
        }

        return body.ToArray();
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Refused a webhook of {Length} bytes: too large, or not signed with our secret.")]
        public static partial void Refused(ILogger logger, long? length);
    }
}

/// <summary>The raw bytes whose signature fitted.</summary>
internal sealed record ProvenBody(byte[] Bytes);
