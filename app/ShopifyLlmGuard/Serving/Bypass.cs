using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Data;

namespace ShopifyLlmGuard.Serving;

/// <summary>
/// The switch that works when nothing else does: environment variable <c>GUARD_BYPASS=1</c> at start, or a file named
/// <c>bypass</c> in the data directory at any time. It holds for this server only.
/// </summary>
public sealed class Bypass(IOptions<GuardOptions> options, TimeProvider clock)
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);
    private readonly bool fromStart = Environment.GetEnvironmentVariable("GUARD_BYPASS") == "1";
    private readonly string path = Path.Combine(options.Value.DataDirectory, "bypass");
    private Look? last;

    /// <summary>Whether the guard serves only fallback. The file is looked for at most once a second.</summary>
    public bool IsOn => fromStart || Latest().Exists;

    private Look Latest()
    {
        var seen = last;
        if (seen is null || clock.GetElapsedTime(seen.At) >= LookEvery)
        {
            last = seen = new Look(clock.GetTimestamp(), File.Exists(path));
        }

        return seen;
    }

    private sealed record Look(long At, bool Exists);
}
