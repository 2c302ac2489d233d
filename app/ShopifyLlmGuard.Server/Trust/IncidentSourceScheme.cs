using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Incidents.Rules;
using ShopifyLlmGuard.Incidents.Signals;

namespace ShopifyLlmGuard.Server.Trust;

/// <summary>
/// A monitoring system that proves itself as configured. What a header proves is proven before a byte of the body is read, and a
/// signature over the raw bytes before anybody parses them. A source that is unknown or not configured has no door here: 404.
/// </summary>
internal sealed partial class IncidentSourceScheme(
    IOptionsMonitor<AuthenticationSchemeOptions> schemeOptions, ILoggerFactory loggers, UrlEncoder encoder, SignalSettings settings, SignalMeter meter,
    OpsLimits limits)
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

        if (!SourceSecrets.MayFit(source, proof, Request.Headers, TimeProvider.GetUtcNow()))
        {
            return Refuse(source, "unproven", StatusCodes.Status401Unauthorized);
        }

        return proof.Kind == ProofKind.Signature ? await SignedAsync(source, proof) : await ShownAsync(source);
    }

    // What others send in its name must not use up what a source may deliver: only the bodies that are read at once are bounded before.
    private async Task<AuthenticateResult> SignedAsync(string source, SourceProof proof)
    {
        using var reading = limits.Reading();
        var body = reading.IsAcquired ? await RawBody.ReadAsync(Request) : null;
        return !reading.IsAcquired ? Refuse(source, "too-many", StatusCodes.Status503ServiceUnavailable)
            : body is null ? Refuse(source, "too-large", StatusCodes.Status413PayloadTooLarge)
            : !SourceSecrets.IsSigned(source, proof, Request.Headers, body) ? Refuse(source, "unproven", StatusCodes.Status401Unauthorized)
            : !limits.MayDeliver(Context.Connection, source) ? Refuse(source, "too-many", StatusCodes.Status503ServiceUnavailable)
            : Proven(source, body);
    }

    private async Task<AuthenticateResult> ShownAsync(string source) =>
        !limits.MayDeliver(Context.Connection, source) ? Refuse(source, "too-many", StatusCodes.Status503ServiceUnavailable)
        : await RawBody.ReadAsync(Request) is { } body ? Proven(source, body)
        : Refuse(source, "too-large", StatusCodes.Status413PayloadTooLarge);

    private AuthenticateResult Proven(string source, byte[] body)
    {
        Context.Features.Set(new ProvenBody(body));
        return AuthenticateResult.Success(new(new ClaimsPrincipal(new ClaimsIdentity([new Claim("source", source)], Scheme.Name)), Scheme.Name));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.StatusCode = refusal;
        Response.Headers.RetryAfter = refusal is StatusCodes.Status429TooManyRequests or StatusCodes.Status503ServiceUnavailable ? OpsLimits.RetryAfterSeconds : default;
        return Task.CompletedTask;
    }

    // 503 and not 429 for a delivery that may be proven: Alertmanager comes again only after a 5xx.
    private AuthenticateResult Refuse(string source, string outcome, int status)
    {
        var isWorthAWord = limits.MayFail(Context.Connection);
        refusal = isWorthAWord || status != StatusCodes.Status401Unauthorized ? status : StatusCodes.Status429TooManyRequests;
        meter.Delivered(source, outcome);
        if (isWorthAWord)
        {
            Log.Refused(Logger, source, Request.ContentLength, outcome);
        }

        return AuthenticateResult.Fail(outcome);
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Refused a delivery of {Source} of {Length} bytes: {Why}.")]
        public static partial void Refused(ILogger logger, string source, long? length, string why);
    }
}
