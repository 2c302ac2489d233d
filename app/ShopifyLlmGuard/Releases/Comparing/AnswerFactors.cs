namespace ShopifyLlmGuard.Releases.Comparing;

/// <summary>
/// What one answer is worth as evidence that a release spoils answers which its predecessor would have given well: one factor for
/// each of the four ways in which it can end, above 1 for and below 1 against. Pure.
/// </summary>
/// <remarks>
/// All that it relies on is that chance decides which of the two releases a visitor meets, with odds that are known. So it holds at
/// any share, however few answers there are, and whatever else goes wrong for both at the same time: nothing about the predecessor is
/// estimated. As long as the release spoils no more than the tolerated share, no factor has an expectation above 1, neither for an
/// answer that the predecessor would have spoilt, too, nor for another one; their product is a test supermartingale, which ever
/// reaches 1/a with a probability of at most a, however often one looks (Ville's inequality). Among all factors of that kind these
/// grow fastest if the guess is right: the null hypothesis is projected onto the guess, as in Grünwald, de Heide and Koolen, "Safe
/// Testing" (2024), and Turner, Ly and Grünwald, "Generic E-variables for exact sequential k-sample tests" (2024).
/// </remarks>
internal sealed record AnswerFactors(double NewBad, double NewGood, double OldBad, double OldGood)
{
    /// <param name="share">The part of the visitors who meet the release, above 0 and below 1.</param>
    /// <param name="oldBad">A guess: the part of the predecessor's answers that are bad, above 0.</param>
    /// <param name="spoilt">A guess: the part of the predecessor's good answers that the release spoils, above <paramref name="tolerated"/>.</param>
    /// <param name="tolerated">The part that it may spoil, above 0.</param>
    public static AnswerFactors Of(double share, double oldBad, double spoilt, double tolerated)
    {
        var newBad = oldBad + ((1 - oldBad) * spoilt);
        // How bad the predecessor's answers were, had the release spoilt just what is tolerated: the positive root.
        var linear = tolerated - (share * newBad) - ((1 - share) * oldBad * (1 - tolerated));
        var constant = (1 - share) * oldBad * tolerated;
        var bad = (Math.Sqrt((linear * linear) + (4 * (1 - tolerated) * constant)) - linear) / (2 * (1 - tolerated));
        return new(
            newBad / (bad + ((1 - bad) * tolerated)), (1 - newBad) / ((1 - bad) * (1 - tolerated)),
            oldBad / bad, (1 - oldBad) / (1 - bad));
    }

    /// <summary>The logarithm of the product for so many answers.</summary>
    public double LogOf((long Bad, long Of) fresh, (long Bad, long Of) old) =>
        (fresh.Bad * Math.Log(NewBad)) + ((fresh.Of - fresh.Bad) * Math.Log(NewGood))
        + (old.Bad * Math.Log(OldBad)) + ((old.Of - old.Bad) * Math.Log(OldGood));
}
