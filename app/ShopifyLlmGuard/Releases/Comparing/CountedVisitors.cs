namespace ShopifyLlmGuard.Releases.Comparing;

/// <summary>
/// Lets no visitor weigh more than a few answers an hour. Chance deals out visitors, not answers: one who asks a hundred questions that
/// no model can answer, or a script, would otherwise look like a hundred shoppers whom the release has failed.
/// </summary>
internal sealed class CountedVisitors
{
    private const int MostAnHour = 3;
    private const int MostKnown = 100_000;
    private readonly Dictionary<(string Feature, string Visitor), int> counted = [];
    private long hour;

    /// <summary>Whether an answer to this visitor still counts now.</summary>
    public bool Takes(string feature, string visitor, DateTimeOffset now)
    {
        if (now.UtcTicks / TimeSpan.TicksPerHour is var current && (current != hour || counted.Count >= MostKnown))
        {
            hour = current;
            counted.Clear();
        }

        var before = counted.GetValueOrDefault((feature, visitor));
        counted[(feature, visitor)] = before + 1;
        return before < MostAnHour;
    }
}
