using System.Buffers;
using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Server.Ops.Bypassing;

namespace ShopifyLlmGuard.Server.Trust;

/// <summary>
/// An operator, or another server, who signed body and time: what the headers tell is looked at before the body is read, and the
/// signature before anybody parses a byte. Who cannot prove it too often is told less; who can is never turned away.
/// </summary>
internal sealed partial class OperatorScheme(
    IOptionsMonitor<AuthenticationSchemeOptions> schemeOptions, ILoggerFactory loggers, UrlEncoder encoder, BypassKeys keys,
    IOptions<BypassOptions> options, OpsLimits limits, TimeProvider clock)
    : AuthenticationHandler<AuthenticationSchemeOptions>(schemeOptions, loggers, encoder)
{
    public const int MaximumBytes = 16 * 1024;

    private int refusal = StatusCodes.Status401Unauthorized;

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var (timestamp, signatures) = (Only(BypassSignature.TimestampHeader), Only(BypassSignature.Header));
        if (string.IsNullOrEmpty(signatures) || !BypassSignature.IsRecent(timestamp, clock.GetUtcNow(), options.Value.Window))
        {
            return Refuse(StatusCodes.Status401Unauthorized);
        }

        var read = await Request.BodyReader.ReadAtLeastAsync(MaximumBytes + 1, Context.RequestAborted);
        var isTooLarge = read.Buffer.Length > MaximumBytes;
        var body = isTooLarge ? [] : read.Buffer.ToArray();
        Request.BodyReader.AdvanceTo(read.Buffer.End);
        if (isTooLarge)
        {
            return Refuse(StatusCodes.Status413PayloadTooLarge);
        }

        if (BypassSignature.Verify(body, timestamp, signatures, keys.All, clock.GetUtcNow(), options.Value.Window) is not { } at)
        {
            return Refuse(StatusCodes.Status401Unauthorized);
        }

        Context.Features.Set(new SignedMessage(body, at));
        return AuthenticateResult.Success(new(new ClaimsPrincipal(new ClaimsIdentity(Scheme.Name)), Scheme.Name));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.StatusCode = refusal;
        Response.Headers.RetryAfter = refusal == StatusCodes.Status429TooManyRequests ? OpsLimits.RetryAfterSeconds : default;
        return Task.CompletedTask;
    }

    private AuthenticateResult Refuse(int status)
    {
        var isWorthAWord = limits.MayFail(Context.Connection);
        refusal = isWorthAWord ? status : StatusCodes.Status429TooManyRequests;
        if (isWorthAWord)
        {
            Log.Refused(Logger, Request.Path, Request.ContentLength);
        }

        return AuthenticateResult.Fail("not signed");
    }

    private string? Only(string header) => Request.Headers[header] is [{ } value] ? value : null;

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Refused a message to {Path} of {Length} bytes: too large, too old, or not signed with our secret.")]
        public static partial void Refused(ILogger logger, PathString path, long? length);
    }
}

/// <summary>The raw bytes whose signature fitted, and when they were signed.</summary>
internal sealed record SignedMessage(byte[] Bytes, DateTimeOffset At);
