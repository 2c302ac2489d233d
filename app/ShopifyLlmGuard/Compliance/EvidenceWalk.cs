using ShopifyLlmGuard.Llm;

namespace ShopifyLlmGuard.Compliance;

/// <summary>Something is wrong with a chain.</summary>
/// <param name="Chain">Which.</param>
/// <param name="Sequence">At which place.</param>
/// <param name="Kind">One of the constants of <see cref="EvidenceCheck"/>.</param>
public sealed record EvidenceProblem(string Chain, long Sequence, string Kind);

/// <summary>The kinds of what can be wrong.</summary>
public static class EvidenceCheck
{
    public const string Changed = "record-changed";
    public const string Missing = "record-missing";
    public const string Reordered = "order-broken";
    public const string HeadMissing = "head-missing";
    public const string HeadChanged = "head-changed";
    public const string Unsealed = "record-unsealed";

    /// <summary>A chain of which a receipt is held is gone.</summary>
    public const string ChainMissing = "chain-missing";

    /// <summary>A chain ends before the place that a receipt names, or has another record there.</summary>
    public const string Shortened = "chain-shortened";

    /// <summary>A receipt is not as it was handed out.</summary>
    public const string ReceiptChanged = "receipt-changed";
}

/// <summary>Verifies one chain, record by record in the order of their places, and at last its head. Holds one record, however long the chain is.</summary>
/// <param name="chain">The chain's name.</param>
/// <param name="keys">The keys.</param>
/// <param name="deletedBefore">Records older than this are deleted on purpose.</param>
internal sealed class EvidenceWalk(string chain, EvidenceKeys keys, DateTimeOffset deletedBefore)
{
    private AttemptRecord? before;

    /// <summary>Takes the next record.</summary>
    /// <returns>What is wrong with it; null when nothing is.</returns>
    public EvidenceProblem? Take(AttemptRecord record)
    {
        var kind = Problem(record);
        before = record;
        return kind is null ? null : new EvidenceProblem(chain, record.Sequence ?? 0, kind);
    }

    /// <summary>No more records come.</summary>
    /// <param name="head">Where the chain says that it ends; null when nothing says so.</param>
    public EvidenceProblem? End(EvidenceHead? head) =>
        HeadProblem(head) is { } kind ? new EvidenceProblem(chain, head?.Sequence ?? before?.Sequence ?? 0, kind) : null;

    private string? Problem(AttemptRecord record)
    {
        if (record.Seal is null)
        {
            return EvidenceCheck.Unsealed;
        }

        if (!EvidenceSeal.Fits(record.Seal, key => EvidenceSeal.Of(record, key), keys))
        {
            return EvidenceCheck.Changed;
        }

        if (before is null)
        {
            return record.Sequence == 1 || record.PreviousAt < deletedBefore ? null : EvidenceCheck.Missing;
        }

        if (record.Sequence != before.Sequence + 1)
        {
            return EvidenceCheck.Missing;
        }

        return before.Seal is not null && record.PreviousSeal.AsSpan().SequenceEqual(before.Seal) ? null : EvidenceCheck.Reordered;
    }

    private string? HeadProblem(EvidenceHead? head)
    {
        if (head is null)
        {
            return before is null ? null : EvidenceCheck.HeadMissing;
        }

        if (!EvidenceSeal.Fits(head.Seal, key => EvidenceSeal.Of(head, key), keys))
        {
            return EvidenceCheck.HeadChanged;
        }

        var isAllDeleted = before is null && head.At < deletedBefore;
        return isAllDeleted || (before?.Sequence == head.Sequence && head.LastSeal.AsSpan().SequenceEqual(before.Seal)) ? null : EvidenceCheck.Missing;
    }
}
