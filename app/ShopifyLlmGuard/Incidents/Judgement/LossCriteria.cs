using System.Globalization;

namespace ShopifyLlmGuard.Incidents.Judgement;

/// <summary>The criteria in euros: Article 3(1)(a), and Article 4 for recurring incidents. Pure.</summary>
internal static class LossCriteria
{
    public static Finding Loss(SignificanceFacts facts, SignificanceOptions options)
    {
        var (answer, because) = Judge(facts.Assessment.LossEuro, options);
        return new("loss", Law.Regulation("3(1)(a)"), "Is the direct financial loss that it caused, or can cause, above the threshold?", answer, because);
    }

    public static Finding Recurrence(SignificanceFacts facts, SignificanceOptions options)
    {
        var (source, question) = (Law.Regulation("4"), "Do recurring incidents with the same root cause exceed the loss together?");
        if (facts.Earlier.Count == 0)
        {
            return new("recurrence", source, question, YesNo.No, $"No other incident in {options.RecurrenceMonths} months has the same root cause.");
        }

        IReadOnlyList<decimal?> losses = [.. facts.Earlier, facts.Assessment.LossEuro];
        var (answer, because) = Judge(losses.Sum(loss => loss ?? 0), options);
        answer = answer == YesNo.No && losses.Contains(null) ? YesNo.Unknown : answer;
        return new("recurrence", source, question, answer, $"{losses.Count} incidents in {options.RecurrenceMonths} months. {because}{(losses.Contains(null) ? " Not every loss is known." : "")}");
    }

    private static (YesNo, string) Judge(decimal? loss, SignificanceOptions options)
    {
        if (loss is not { } known)
        {
            return (YesNo.Unknown, "A person has to say; the guard cannot know the loss.");
        }

        var limit = Math.Min(options.LossEuro, options.TurnoverEuro * options.TurnoverShare ?? double.MaxValue);
        var words = string.Create(CultureInfo.InvariantCulture, $"The loss is {known:0.##} EUR, the threshold {limit:0.##} EUR");
        return (double)known > limit ? (YesNo.Yes, $"{words}.")
            : known == 0 || options.TurnoverEuro is not null ? (YesNo.No, $"{words}.")
            : (YesNo.Unknown, string.Create(CultureInfo.InvariantCulture, $"{words}, or less where {options.TurnoverShare * 100:0.##} % of the turnover, which is not configured, is less."));
    }
}
