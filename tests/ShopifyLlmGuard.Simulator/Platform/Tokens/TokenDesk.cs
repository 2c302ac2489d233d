using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Simulator.Shop;

namespace ShopifyLlmGuard.Simulator.Platform.Tokens;

/// <summary>An expiring offline token and the one refresh token of this app and shop.</summary>
internal sealed record TokenPair(string Access, DateTimeOffset AccessUntil, string Refresh, DateTimeOffset RefreshUntil);

/// <summary>Issues, rotates and revokes the app's tokens as Shopify does since August 2026.</summary>
internal sealed class TokenDesk
{
    private const string File = "tokens";

    private static readonly TimeSpan RetryWindow = TimeSpan.FromDays(30);

    private readonly Lock gate = new();
    private readonly IOptions<PlatformOptions> platform;
    private readonly Memory memory;
    private readonly TimeProvider clock;
    private readonly Dictionary<string, DateTimeOffset> accessTokens;
    private RefreshToken? current;
    private RefreshToken? used;

    public TokenDesk(IOptions<PlatformOptions> platform, Memory memory, TimeProvider clock)
    {
        (this.platform, this.memory, this.clock) = (platform, memory, clock);
        (accessTokens, current, used) = memory.Recall<Kept>(File) ?? new([], null, null);
    }

    /// <summary>False before the first exchange and after an uninstall.</summary>
    public bool Issued
    {
        get
        {
            lock (gate)
            {
                return current is not null;
            }
        }
    }

    /// <summary>A fresh pair. Every older refresh token dies at once; older access tokens live to their end.</summary>
    public TokenPair Exchange()
    {
        lock (gate)
        {
            used = null;
            return Issue();
        }
    }

    /// <returns>The next pair, or null when this refresh token is dead.</returns>
    public TokenPair? Refresh(string? token)
    {
        lock (gate)
        {
            var now = clock.GetUtcNow();
            if (current is not null && token == current.Value && now < current.Until)
            {
                used = current with { UsedAt = now };
                return Issue();
            }

            // A lost answer may be asked for again, until the replacement has been used itself.
            return used is not null && token == used.Value && now < used.Until && now < used.UsedAt + RetryWindow
                ? Issue() : null;
        }
    }

    public bool Accepts(string? accessToken)
    {
        lock (gate)
        {
            return accessToken is not null
                && accessTokens.TryGetValue(accessToken, out var until) && clock.GetUtcNow() < until;
        }
    }

    public void Revoke()
    {
        lock (gate)
        {
            accessTokens.Clear();
            (current, used) = (null, null);
            Keep();
        }
    }

    private TokenPair Issue()
    {
        var now = clock.GetUtcNow();
        current = new($"shprt_{Secret()}", now + platform.Value.RefreshTokenLife, null);
        var pair = new TokenPair(
            $"shpat_{Secret()}", now + platform.Value.AccessTokenLife, current.Value, current.Until);
        accessTokens[pair.Access] = pair.AccessUntil;
        Keep();
        return pair;
    }

    private void Keep() => memory.Keep(File, new Kept(accessTokens, current, used));

    private static string Secret() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    private sealed record Kept(Dictionary<string, DateTimeOffset> AccessTokens, RefreshToken? Current, RefreshToken? Used);

    private sealed record RefreshToken(string Value, DateTimeOffset Until, DateTimeOffset? UsedAt);
}
