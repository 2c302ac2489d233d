using System.Buffers;
using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Server.Ops.Bypassing;

namespace ShopifyLlmGuard.Server.Trust;

/// <summary>An operator, or another server, who signed body and time. Verified before anybody parses a byte of it.</summary>
internal sealed partial class OperatorScheme(
    IOptionsMonitor<AuthenticationSchemeOptions> schemeOptions, ILoggerFactory loggers, UrlEncoder encoder, BypassKeys keys,
    IOptions<BypassOptions> options, TimeProvider clock)
    : AuthenticationHandler<AuthenticationSchemeOptions>(schemeOptions, loggers, encoder)
{
    public const int MaximumBytes = 16 * 1024;

    private bool tooLarge;

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var read = await Request.BodyReader.ReadAtLeastAsync(MaximumBytes + 1, Context.RequestAborted);
        tooLarge = read.Buffer.Length > MaximumBytes;
        var body = tooLarge ? [] : read.Buffer.ToArray();
        Request.BodyReader.AdvanceTo(read.Buffer.End);
        if (tooLarge || BypassSignature.Verify(
            body, Only(BypassSignature.TimestampHeader), Only(BypassSignature.Header), keys.All, clock.GetUtcNow(), options.Value.Window) is not { } at)
        {
            Log.Refused(Logger, Request.Path, body.Length);
            return AuthenticateResult.Fail("not signed");
        }

        Context.Features.Set(new SignedMessage(body, at));
        return AuthenticateResult.Success(new(new ClaimsPrincipal(new ClaimsIdentity(Scheme.Name)), Scheme.Name));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.StatusCode = tooLarge ? StatusCodes.Status413PayloadTooLarge : StatusCodes.Status401Unauthorized;
        return Task.CompletedTask;
    }

    private string? Only(string header) => Request.Headers[header] is [{ } value] ? value : null;

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Refused a message to {Path} of {Length} bytes: too large, too old, or not signed with our secret.")]
        public static partial void Refused(ILogger logger, PathString path, int length);
    }
}

/// <summary>The raw bytes whose signature fitted, and when they were signed.</summary>
internal sealed record SignedMessage(byte[] Bytes, DateTimeOffset At);
