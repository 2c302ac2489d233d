using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Serving.Bypassing;

namespace ShopifyLlmGuard.Server.Ops.Bypassing;

/// <summary>Section <c>Bypass</c>: who may send signed messages.</summary>
internal sealed class BypassOptions
{
    public const int ShortestSecret = 32, MostSecrets = 6;

    /// <summary>
    /// Secrets that sign messages; all of them also sign ours. Several, so that one can be changed without a gap. A key that is
    /// derived from <c>Shopify:TokenKey</c> is always good too: servers and their command line need no secret of their own.
    /// </summary>
    public List<string> Secrets { get; set; } = [];

    /// <summary>How old or how far ahead a signature's time may be.</summary>
    public TimeSpan Window { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How far ahead a decision's own time may be.</summary>
    public TimeSpan FurthestAhead => Window < BypassDecision.FurthestAhead ? Window : BypassDecision.FurthestAhead;
}

internal sealed class BypassOptionsRules(IOptions<GuardOptions> guard) : IValidateOptions<BypassOptions>
{
    public ValidateOptionsResult Validate(string? name, BypassOptions options)
    {
        List<string> mistakes =
        [
            .. options.Secrets.Exists(secret => secret.Length < BypassOptions.ShortestSecret)
                ? [$"Bypass:Secrets must have at least {BypassOptions.ShortestSecret} characters each."] : Array.Empty<string>(),
            .. options.Secrets.Count > BypassOptions.MostSecrets ? [$"Bypass:Secrets may hold {BypassOptions.MostSecrets}."] : Array.Empty<string>(),
            .. options.Window < TimeSpan.FromSeconds(10) || options.Window > TimeSpan.FromMinutes(15)
                ? ["Bypass:Window must be between 10 seconds and 15 minutes."] : Array.Empty<string>(),
            .. guard.Value.Servers.Where(server => !IsAddress(server)).Select(server => $"Guard:Servers: '{server}' is no http or https address."),
        ];
        return mistakes.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(mistakes);
    }

    public static bool IsAddress(string text) => Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is ("http" or "https");
}
