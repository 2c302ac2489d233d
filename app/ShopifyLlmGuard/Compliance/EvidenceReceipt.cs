using System.Globalization;

namespace ShopifyLlmGuard.Compliance;

/// <summary>
/// A chain's head as a line of text, to be kept where whoever has the database cannot reach it. The database alone cannot show that
/// a chain was deleted together with its head, or that an older head was put back and the later records were cut off; with such
/// a line it can.
/// </summary>
internal static class EvidenceReceipt
{
    private const int Fields = 6;

    public static string Of(EvidenceHead head) => string.Join('\t',
        head.Chain, head.Shop, head.Sequence.ToString(CultureInfo.InvariantCulture), head.At.UtcTicks.ToString(CultureInfo.InvariantCulture),
        Convert.ToHexStringLower(head.LastSeal), Convert.ToHexStringLower(head.Seal));

    /// <summary>The head that a line tells of; null when it is none.</summary>
    public static EvidenceHead? Read(string line)
    {
        var parts = line.Split('\t');
        if (parts.Length != Fields || !long.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out var sequence)
            || !long.TryParse(parts[3], NumberStyles.None, CultureInfo.InvariantCulture, out var ticks) || ticks > DateTimeOffset.MaxValue.UtcTicks)
        {
            return null;
        }

        try
        {
            return new EvidenceHead
            {
                Chain = parts[0], Shop = parts[1], Sequence = sequence, At = new DateTimeOffset(ticks, TimeSpan.Zero),
                LastSeal = Convert.FromHexString(parts[4]), Seal = Convert.FromHexString(parts[5]),
            };
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
