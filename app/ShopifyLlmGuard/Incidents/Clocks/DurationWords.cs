namespace ShopifyLlmGuard.Incidents.Clocks;

/// <summary>Lengths of time in words, the two largest units: "2 days 3 hours", "45 minutes". Pure.</summary>
public static class DurationWords
{
    public static string Of(TimeSpan length)
    {
        var words = new[] { (length.Days, "day"), (length.Hours, "hour"), (length.Minutes, "minute"), (length.Seconds, "second") }
            .SkipWhile(part => part.Item1 == 0).Take(2).Where(part => part.Item1 > 0).Select(part => Count(part.Item1, part.Item2)).ToList();
        return words.Count == 0 ? "0 seconds" : string.Join(' ', words);
    }

    /// <summary>How a clock stands, in words: "due in 5 hours 12 minutes", "overdue by 1 day".</summary>
    public static string Countdown(ClockReading clock, DateTimeOffset now) => clock.State switch
    {
        ClockState.Waiting => clock.Rule.From switch
        {
            ClockStart.Aware => "starts when a person is aware of the incident",
            ClockStart.Submitted => "starts when the notification is handed in",
            _ => "starts when the incident has ended",
        },
        ClockState.NotRequired => "not required, as decided",
        ClockState.Met => "handed in in time",
        ClockState.MetLate => $"handed in {Of(clock.Submission!.At - clock.Due!.Value)} late",
        ClockState.Overdue => $"overdue by {Of(now - clock.Due!.Value)}",
        _ => $"due in {Of(clock.Due!.Value - now)}",
    };

    private static string Count(int number, string unit) => number == 1 ? $"1 {unit}" : $"{number} {unit}s";
}
