using System.Globalization;

namespace ShopifyLlmGuard.Compliance;

/// <summary>Something is wrong with the audit trail.</summary>
/// <param name="Sequence">At which place.</param>
/// <param name="Kind">One of the constants of <see cref="AuditCheck"/>.</param>
public sealed record AuditProblem(long Sequence, string Kind);

/// <summary>Verifies the audit trail. Pure.</summary>
public static class AuditCheck
{
    public const string Changed = "entry-changed";
    public const string Missing = "entry-missing";
    public const string Reordered = "order-broken";
    public const string WordsChanged = "words-changed";
    public const string WordsMissing = "words-missing";
    public const string HeadMissing = "head-missing";
    public const string HeadChanged = "head-changed";

    /// <summary>The head ends before the last entry: somebody put an older one back.</summary>
    public const string HeadBehind = "head-behind";

    /// <summary>An entry's seal is not the one that somebody kept outside the database.</summary>
    public const string NotAsKept = "not-as-kept";

    /// <param name="entries">All entries, by place.</param>
    /// <param name="words">All words, by place.</param>
    /// <param name="head">The head; null when there is none.</param>
    /// <param name="keys">The keys.</param>
    internal static IEnumerable<AuditProblem> Problems(
        IReadOnlyList<AuditEntry> entries, IReadOnlyDictionary<long, AuditWords> words, AuditHead? head, EvidenceKeys keys)
    {
        var forgotten = entries.Where(entry => Fits(entry, keys)).SelectMany(Forgotten).ToHashSet();
        AuditEntry? before = null;
        foreach (var entry in entries)
        {
            if (EntryProblem(entry, before, keys) is { } kind)
            {
                yield return new AuditProblem(entry.Sequence, kind);
            }

            if (WordsProblem(entry, words.GetValueOrDefault(entry.Sequence), forgotten) is { } wrong)
            {
                yield return new AuditProblem(entry.Sequence, wrong);
            }

            before = entry;
        }

        if (HeadProblem(head, before, keys) is { } about)
        {
            yield return about;
        }
    }

    private static string? EntryProblem(AuditEntry entry, AuditEntry? before, EvidenceKeys keys)
    {
        if (!Fits(entry, keys))
        {
            return Changed;
        }

        if (entry.Sequence != (before?.Sequence ?? 0) + 1)
        {
            return Missing;
        }

        return entry.PreviousSeal.AsSpan().SequenceEqual(before?.Seal) ? null : Reordered;
    }

    private static string? WordsProblem(AuditEntry entry, AuditWords? words, HashSet<long> forgotten) =>
        words is null ? forgotten.Contains(entry.Sequence) ? null : WordsMissing
        : AuditSeal.Of(words).AsSpan().SequenceEqual(entry.WordsHash) ? null : WordsChanged;

    private static AuditProblem? HeadProblem(AuditHead? head, AuditEntry? last, EvidenceKeys keys)
    {
        if (head is null)
        {
            return last is null ? null : new AuditProblem(last.Sequence, HeadMissing);
        }

        if (!EvidenceSeal.Fits(head.Seal, key => AuditSeal.Head(head.Sequence, head.LastSeal, head.At, key), keys))
        {
            return new AuditProblem(head.Sequence, HeadChanged);
        }

        var end = last?.Sequence ?? 0;
        return end < head.Sequence ? new AuditProblem(end + 1, Missing)
            : end > head.Sequence ? new AuditProblem(head.Sequence, HeadBehind)
            : head.LastSeal.AsSpan().SequenceEqual(last!.Seal) ? null : new AuditProblem(end, Changed);
    }

    private static bool Fits(AuditEntry entry, EvidenceKeys keys) => EvidenceSeal.Fits(entry.Seal, key => AuditSeal.Of(entry, key), keys);

    private static IEnumerable<long> Forgotten(AuditEntry entry) =>
        (entry.Forgets ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries).Select(place => long.Parse(place, CultureInfo.InvariantCulture));
}
