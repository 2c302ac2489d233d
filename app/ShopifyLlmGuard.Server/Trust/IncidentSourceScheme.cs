using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Incidents.Rules;
using ShopifyLlmGuard.Incidents.Signals;

namespace ShopifyLlmGuard.Server.Trust;

/// <summary>
/// A monitoring system that proves itself as configured, over the raw bytes. A source that is unknown or not configured has no door
/// here: 404, before a byte of its body is read.
/// </summary>
internal sealed partial class IncidentSourceScheme(
    IOptionsMonitor<AuthenticationSchemeOptions> schemeOptions, ILoggerFactory loggers, UrlEncoder encoder, SignalSettings settings, SignalMeter meter)
    : AuthenticationHandler<AuthenticationSchemeOptions>(schemeOptions, loggers, encoder)
{
    private int refusal = StatusCodes.Status401Unauthorized;

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (Request.RouteValues["source"] is not string source || !settings.Current.Sources.TryGetValue(source, out var proof))
        {
            refusal = StatusCodes.Status404NotFound;
            return AuthenticateResult.Fail("no such source");
        }

        var body = await RawBody.ReadAsync(Request);
        if (body is null || !SourceSecrets.Fit(source, proof, Request.Headers, body, TimeProvider.GetUtcNow()))
        {
            refusal = body is null ? StatusCodes.Status413PayloadTooLarge : refusal;
            meter.Delivered(source, body is null ? "too-large" : "unproven");
            Log.Refused(Logger, source, Request.ContentLength);
            return AuthenticateResult.Fail("not proven");
        }

        Context.Features.Set(new ProvenBody(body));
        return AuthenticateResult.Success(new(new ClaimsPrincipal(new ClaimsIdentity([new Claim("source", source)], Scheme.Name)), Scheme.Name));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.StatusCode = refusal;
        return Task.CompletedTask;
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Refused a delivery of {Source} of {Length} bytes: too large, or without a proof that fits.")]
        public static partial void Refused(ILogger logger, string source, long? length);
    }
}
