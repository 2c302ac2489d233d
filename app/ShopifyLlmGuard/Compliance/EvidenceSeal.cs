using System.Security.Cryptography;
using ShopifyLlmGuard.Llm;
using static ShopifyLlmGuard.Compliance.Canonical;

namespace ShopifyLlmGuard.Compliance;

/// <summary>
/// Seals records with HMAC-SHA256 over everything that they say and the seal before them: whoever has the database but not the
/// key cannot change, add, remove or reorder one inside a chain unnoticed. What is not found: a chain that was deleted together
/// with its head, and an older head that was put back with the later records cut off. Records that could not be stored were
/// never sealed; a metric counts them. Pure.
/// </summary>
internal static class EvidenceSeal
{
    /// <summary>The seal of a record as it stands, with its chain, place and predecessor.</summary>
    public static byte[] Of(AttemptRecord record, byte[] key) => HMACSHA256.HashData(key, Canonical.Of("attempt",
    [
        record.Chain, Number(record.Sequence), Bytes(record.PreviousSeal), Moment(record.PreviousAt), Moment(record.At), record.Shop,
        record.Feature, record.Source, record.Endpoint, record.Region, record.Jurisdiction, record.Operator,
        Moment(record.AttestedUntil), record.Model, record.Try, record.Basis, record.Outcome, Number(record.InputTokens),
        Number(record.OutputTokens), Number(record.FirstTokenMilliseconds), Number(record.Milliseconds),
        // Records from before there were releases were sealed without.
        .. record.Release is null ? [] : (string[])[record.Release],
    ]));

    /// <summary>The seal of a chain's head: it says which record is the last, and when that was: an old chain may be empty.</summary>
    public static byte[] Of(EvidenceHead head, byte[] key) => HMACSHA256.HashData(
        key, Canonical.Of("head", [head.Chain, head.Shop, Number(head.Sequence), Bytes(head.LastSeal), Moment(head.At)]));

    public static bool Fits(byte[]? seal, Func<byte[], byte[]> sealWith, EvidenceKeys keys) =>
        seal is not null && keys.All.Any(key => CryptographicOperations.FixedTimeEquals(seal, sealWith(key)));
}
