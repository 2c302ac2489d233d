namespace ShopifyLlmGuard.Releases.Comparing;

/// <summary>
/// Lets every visitor count once a day. Chance deals out visitors, not answers: what one of them asks again is no new draw, and one who
/// asks a hundred questions that no model can answer would look like a hundred shoppers whom the release has failed.
/// </summary>
internal sealed class CountedVisitors
{
    private const int MostKnown = 100_000;
    private readonly HashSet<(string Feature, DateTimeOffset Since, string Visitor)> counted = [];
    private DateTime day;

    /// <summary>Whether an answer to this visitor still counts.</summary>
    /// <param name="feature">Of which feature.</param>
    /// <param name="since">When the comparison began: a new one is a new draw.</param>
    /// <param name="visitor">Who got it.</param>
    /// <param name="now">The present.</param>
    public bool Takes(string feature, DateTimeOffset since, string visitor, DateTimeOffset now)
    {
        if (now.UtcDateTime.Date is var today && (today != day || counted.Count >= MostKnown))
        {
            day = today;
            counted.Clear();
        }

        return counted.Add((feature, since, visitor));
    }
}
