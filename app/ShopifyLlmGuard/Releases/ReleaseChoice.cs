using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace ShopifyLlmGuard.Releases;

/// <summary>Two releases between which chance decides for each visitor, so that they can be compared.</summary>
/// <param name="New">Has yet to prove itself.</param>
/// <param name="Old">Its predecessor.</param>
/// <param name="Percent">The share of the visitors who meet the new one, 1 to 99.</param>
/// <param name="Since">Since when that is so.</param>
internal sealed record ReleasePair(Release New, Release Old, int Percent, DateTimeOffset Since)
{
    public double Share => Percent / 100.0;

    /// <summary>
    /// The minute of a moment, counted from the moment at which the share began: so no minute mixes two shares, nor does a server
    /// that has not heard of a step yet count among those that have.
    /// </summary>
    public DateTimeOffset MinuteOf(DateTimeOffset now) => Since.AddMinutes(Math.Max(0, Math.Floor((now - Since).TotalMinutes)));

    /// <summary>Whether a minute was counted under this share.</summary>
    public bool Holds(DateTimeOffset minute) => minute >= Since && (minute - Since).Ticks % TimeSpan.TicksPerMinute == 0;
}

/// <summary>The release that answers a visitor.</summary>
public sealed record ReleasePick(Release Release)
{
    /// <summary>Between which two chance decided; null when it had nothing to decide.</summary>
    internal ReleasePair? Pair { get; init; }

    internal string Visitor { get; init; } = "";

    /// <summary>Every release that this visitor could as well have met.</summary>
    internal IReadOnlyList<Release> Possible => Pair is { } pair ? [pair.New, pair.Old] : [Release];
}

/// <summary>Which release answers whom. Pure: the same visitor gets the same release until the rollout changes.</summary>
internal static class ReleaseChoice
{
    private const int Parts = 10_000;

    /// <param name="pair">Two releases and their shares.</param>
    /// <param name="visitor">Something that stays the same for a visitor.</param>
    public static Release Of(ReleasePair pair, string visitor) => Part(pair.New.Id, visitor) < pair.Percent * (Parts / 100) ? pair.New : pair.Old;

    // With the new one's name in it, so that the same visitors are not the first to meet every candidate.
    private static int Part(string candidate, string visitor)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{candidate}\n{visitor}"));
        return (int)(BinaryPrimitives.ReadUInt32BigEndian(hash) % Parts);
    }
}
