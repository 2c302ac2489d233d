namespace ShopifyLlmGuard.Releases;

/// <summary>
/// How sure one can be, at any moment and after few answers, that a release spoils answers that its predecessor would have
/// given well. Pure.
/// </summary>
/// <remarks>
/// A test martingale ("e-value"): the likelihood of what was seen, if the release spoils a share of the answers, over its
/// likelihood if no more than the expected share is bad; averaged over three such shares. If the release is no worse, it passes
/// 1/a with a probability of at most a, however often one looks (Ville's inequality; Wald 1945, Grünwald et al. 2019, "Safe
/// Testing"). That holds for expected shares that are not below the true one. The
/// judge only estimates them from the predecessor's answers of the same minutes, with a tolerance: at small shares of new visitors that is ample, at
/// large ones, where the predecessor answers few, false alarms are more frequent than 1/a.
/// </remarks>
internal static class SequentialTest
{
    private static readonly double[] SpoiltShares = [0.2, 0.5, 0.9];

    /// <param name="seen">Bad answers of how many, and the share that was expected, e.g. a row a minute.</param>
    /// <returns>From 0, which is well, over 1, which says nothing, to infinity.</returns>
    public static double Evidence(IReadOnlyCollection<(long Bad, long Of, double Expected)> seen) =>
        SpoiltShares.Average(spoilt => Math.Exp(Math.Min(600, seen.Sum(row => LogRatio(row.Bad, row.Of, row.Expected, spoilt)))));

    private static double LogRatio(long bad, long of, double expected, double spoilt)
    {
        var worse = expected + ((1 - expected) * spoilt);
        return (bad * Math.Log(worse / expected)) + ((of - bad) * Math.Log((1 - worse) / (1 - expected)));
    }
}
