using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Gateway;
using ShopifyLlmGuard.Server.Gateway;

namespace ShopifyLlmGuard.Server.Trust;

/// <summary>An in-house caller with a bearer key. The caller and its limits are known; whom it acts for is not.</summary>
internal sealed partial class GatewayKeyScheme(
    IOptionsMonitor<AuthenticationSchemeOptions> schemeOptions, ILoggerFactory loggers, UrlEncoder encoder, GatewayKeys keys)
    : AuthenticationHandler<AuthenticationSchemeOptions>(schemeOptions, loggers, encoder)
{
    private const string Bearer = "Bearer ";
    private const int LongestHeader = 256;

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var header = Request.Headers.Authorization.ToString();
        if (header.Length > LongestHeader || !header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) || keys.Find(header[Bearer.Length..].Trim()) is not { } key)
        {
            Log.Refused(Logger);
            return Task.FromResult(AuthenticateResult.Fail("no good key"));
        }

        Context.Features.Set(key);
        var identity = new ClaimsIdentity([new Claim("key", key.Id)], Scheme.Name);
        return Task.FromResult(AuthenticateResult.Success(new(new ClaimsPrincipal(identity), Scheme.Name)));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties) => GatewayError.WrongKey.ExecuteAsync(Context);

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "Refused an in-house request: no key, or one that is wrong, expired or revoked.")]
        public static partial void Refused(ILogger logger);
    }
}
