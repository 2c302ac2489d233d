using ShopifyLlmGuard.Llm;

namespace ShopifyLlmGuard.Compliance;

/// <summary>
/// The chains of this server, one for each shop: servers need not agree on an order, and a shop's records can be verified, handed
/// over and deleted without those of another. One writer at a time.
/// </summary>
internal sealed class EvidenceChains(EvidenceKeys keys)
{
    private readonly string server = $"{Environment.MachineName}-{Guid.NewGuid():N}";
    private readonly Dictionary<string, EvidenceHead> heads = [];
    private int chains;

    /// <summary>The names of the chains on which these records would be put; new ones have none yet.</summary>
    public IReadOnlyList<string> ChainsOf(IEnumerable<AttemptRecord> records) =>
        [.. records.Select(record => record.Shop).Distinct().Where(heads.ContainsKey).Select(shop => heads[shop].Chain)];

    /// <summary>
    /// Seals records in order. A chain whose head is gone from the database was deleted with its shop, so that shop gets a new one.
    /// </summary>
    /// <param name="records">The records.</param>
    /// <param name="stored">The chains that are in the database.</param>
    /// <returns>The new heads, to be stored in the same transaction, and to be handed to <see cref="Stored"/> afterwards.</returns>
    public IReadOnlyList<EvidenceHead> Seal(IReadOnlyList<AttemptRecord> records, IReadOnlyCollection<string> stored)
    {
        var next = new Dictionary<string, EvidenceHead>();
        foreach (var record in records)
        {
            var before = next.GetValueOrDefault(record.Shop) ?? heads.GetValueOrDefault(record.Shop);
            if (before is not null && !next.ContainsKey(record.Shop) && !stored.Contains(before.Chain))
            {
                before = null;
            }

            next[record.Shop] = Linked(record, before);
        }

        foreach (var head in next.Values)
        {
            head.Seal = EvidenceSeal.Of(head, keys.Newest);
        }

        return [.. next.Values];
    }

    public void Stored(IEnumerable<EvidenceHead> stored)
    {
        foreach (var head in stored)
        {
            heads[head.Shop] = head;
        }
    }

    private EvidenceHead Linked(AttemptRecord record, EvidenceHead? before)
    {
        record.Chain = before?.Chain ?? $"{server}.{++chains}";
        record.Sequence = (before?.Sequence ?? 0) + 1;
        record.PreviousSeal = before?.LastSeal;
        record.PreviousAt = before?.At;
        record.Seal = EvidenceSeal.Of(record, keys.Newest);
        return new EvidenceHead
        {
            Chain = record.Chain, Shop = record.Shop, Sequence = record.Sequence.Value, LastSeal = record.Seal, At = record.At,
        };
    }
}
