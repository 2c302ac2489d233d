using ShopifyLlmGuard.Llm;

namespace ShopifyLlmGuard.Compliance;

/// <summary>Something is wrong with a chain.</summary>
/// <param name="Chain">Which.</param>
/// <param name="Sequence">At which place.</param>
/// <param name="Kind">One of the constants of <see cref="EvidenceCheck"/>.</param>
public sealed record EvidenceProblem(string Chain, long Sequence, string Kind);

/// <summary>Verifies chains of sealed records. Pure.</summary>
public static class EvidenceCheck
{
    public const string Changed = "record-changed";
    public const string Missing = "record-missing";
    public const string Reordered = "order-broken";
    public const string HeadMissing = "head-missing";
    public const string HeadChanged = "head-changed";
    public const string Unsealed = "record-unsealed";

    /// <summary>Verifies one chain.</summary>
    /// <param name="records">Its records, by place.</param>
    /// <param name="head">Its head; null when there is none.</param>
    /// <param name="keys">The keys.</param>
    /// <param name="deletedBefore">Records older than this are deleted on purpose.</param>
    internal static IEnumerable<EvidenceProblem> Problems(
        IReadOnlyList<AttemptRecord> records, EvidenceHead? head, EvidenceKeys keys, DateTimeOffset deletedBefore)
    {
        AttemptRecord? before = null;
        foreach (var record in records)
        {
            if (Problem(record, before, keys, deletedBefore) is { } kind)
            {
                yield return new EvidenceProblem(record.Chain ?? "", record.Sequence ?? 0, kind);
            }

            before = record;
        }

        if (HeadProblem(head, before, keys, deletedBefore) is { } wrong)
        {
            yield return new EvidenceProblem(head?.Chain ?? before?.Chain ?? "", head?.Sequence ?? before?.Sequence ?? 0, wrong);
        }
    }

    private static string? Problem(AttemptRecord record, AttemptRecord? before, EvidenceKeys keys, DateTimeOffset deletedBefore)
    {
        if (record.Seal is null)
        {
            return Unsealed;
        }

        if (!EvidenceSeal.Fits(record.Seal, key => EvidenceSeal.Of(record, key), keys))
        {
            return Changed;
        }

        if (before is null)
        {
            return record.Sequence == 1 || record.PreviousAt < deletedBefore ? null : Missing;
        }

        if (record.Sequence != before.Sequence + 1)
        {
            return Missing;
        }

        return before.Seal is not null && record.PreviousSeal.AsSpan().SequenceEqual(before.Seal) ? null : Reordered;
    }

    private static string? HeadProblem(EvidenceHead? head, AttemptRecord? last, EvidenceKeys keys, DateTimeOffset deletedBefore)
    {
        if (head is null)
        {
            return last is null ? null : HeadMissing;
        }

        if (!EvidenceSeal.Fits(head.Seal, key => EvidenceSeal.Of(head, key), keys))
        {
            return HeadChanged;
        }

        var isAllDeleted = last is null && head.At < deletedBefore;
        return isAllDeleted || (last?.Sequence == head.Sequence && head.LastSeal.AsSpan().SequenceEqual(last.Seal)) ? null : Missing;
    }
}
