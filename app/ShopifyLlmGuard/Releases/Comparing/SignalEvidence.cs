namespace ShopifyLlmGuard.Releases.Comparing;

/// <summary>
/// The evidence against a release in one signal, as it grows. It begins at 1, and if the release is as good as it should be, ever
/// reaches 1/a with a probability of at most a.
/// </summary>
/// <remarks>
/// A release may turn bad after a long good time. So most of the stake is kept back and laid in bit by bit, a part in every minute: what
/// was laid in lately has not suffered from the good time before. A mixture of test supermartingales is one, too.
/// </remarks>
internal sealed class SignalEvidence
{
    // Between them lies whatever is bad enough to act on; each wrong guess costs a little time only.
    private static readonly (double OldBad, double Spoilt)[] Guesses =
        [.. from oldBad in (double[])[0.01, 0.1, 0.4] from spoilt in (double[])[0.25, 0.6, 0.97] select (oldBad, spoilt)];

    private const double Most = 1e100, MostLog = 200;

    // After ten minutes, three tenths of the stake are laid in: little enough for a bad release an hour later.
    private const double Slowly = 10;
    private readonly AnswerFactors[] factors;
    private readonly double[] stakes = new double[Guesses.Length];
    private readonly Run[] runs = new Run[Guesses.Length];
    private double keptBack = 1;
    private int minutes;

    /// <param name="share">The part of the visitors who meet the release.</param>
    /// <param name="tolerated">The part of its predecessor's good answers that it may spoil.</param>
    public SignalEvidence(double share, double tolerated) => factors =
        [.. Guesses.Select(guess => AnswerFactors.Of(share, guess.OldBad, Math.Max(guess.Spoilt, tolerated + 0.01), tolerated))];

    /// <summary>From almost 0, nothing speaks against it, over 1, which says nothing, upwards.</summary>
    public double Value => keptBack + stakes.Average();

    /// <summary>The first bad minute of those that speak most against it; null when none does.</summary>
    public DateTimeOffset? BadSince => runs.MaxBy(run => run.Product).Since;

    /// <summary>Takes what came of a minute's answers.</summary>
    public void Add(DateTimeOffset minute, (long Bad, long Of) fresh, (long Bad, long Of) old)
    {
        var left = 1 / Math.Sqrt(1 + (++minutes / Slowly));
        var laidIn = keptBack - left;
        keptBack = left;
        for (var index = 0; index < factors.Length; index++)
        {
            var product = Math.Exp(Math.Clamp(factors[index].LogOf(fresh, old), -MostLog, MostLog));
            stakes[index] = Math.Min(Most, (stakes[index] + laidIn) * product);
            runs[index] = runs[index].Then(minute, product, fresh.Bad > 0);
        }
    }

    // The time since which the product is at its largest: where it would have been better to begin anew, it does.
    private readonly record struct Run(double Product, DateTimeOffset? Since)
    {
        public Run Then(DateTimeOffset minute, double factor, bool hasBad)
        {
            var since = Product > 1 ? Since : null;
            return new(Math.Min(Most, Math.Max(Product, 1) * factor), since ?? (hasBad ? minute : null));
        }
    }
}
