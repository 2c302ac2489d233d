using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace ShopifyLlmGuard.Releases;

/// <summary>Which release answers whom. Pure: the same visitor gets the same release until the rollout changes.</summary>
internal static class ReleaseChoice
{
    private const int Parts = 10_000;

    /// <param name="rollout">The feature's releases.</param>
    /// <param name="visitor">Something that stays the same for a visitor; empty for a visitor whom nobody could know again.</param>
    public static Release Of(Rollout rollout, string visitor) =>
        rollout.Candidate is { } candidate && visitor.Length > 0 && Part(candidate.Id, visitor) < rollout.Percent * (Parts / 100)
            ? candidate : rollout.Stable;

    // With the candidate's name in it, so that the same visitors are not the first to meet every candidate.
    private static int Part(string candidate, string visitor)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{candidate}\n{visitor}"));
        return (int)(BinaryPrimitives.ReadUInt32BigEndian(hash) % Parts);
    }
}
