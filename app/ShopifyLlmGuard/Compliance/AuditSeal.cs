using System.Security.Cryptography;
using static ShopifyLlmGuard.Compliance.Canonical;

namespace ShopifyLlmGuard.Compliance;

/// <summary>
/// Seals the audit trail as <see cref="EvidenceSeal"/> seals the evidence. What is not found by itself: an older head that was put
/// back with the later entries cut off; each entry's seal is logged and shown, so that one kept outside the database finds that, too.
/// Pure.
/// </summary>
internal static class AuditSeal
{
    public static byte[] Of(AuditEntry entry, byte[] key) => HMACSHA256.HashData(key, Canonical.Of("audit",
    [
        Number(entry.Sequence), Moment(entry.At), entry.Action, Bytes(entry.WordsHash), entry.Forgets, Bytes(entry.PreviousSeal),
    ]));

    public static byte[] Head(long sequence, byte[] lastSeal, DateTimeOffset at, byte[] key) => HMACSHA256.HashData(
        key, Canonical.Of("audit head", [Number(sequence), Bytes(lastSeal), Moment(at)]));

    /// <summary>The hash of an entry's words: no key, but a salt, which is deleted with them.</summary>
    public static byte[] Of(AuditWords words) => SHA256.HashData(Canonical.Of("audit words",
    [
        Number(words.Sequence), words.Shop, words.Actor, words.Subject, words.Detail, words.Reason, Bytes(words.Salt),
    ]));
}
