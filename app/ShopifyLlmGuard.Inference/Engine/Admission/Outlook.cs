namespace ShopifyLlmGuard.Inference.Engine.Admission;

/// <summary>What an applicant would find in the house, and what the house would find in it. Under the line's lock.</summary>
internal sealed class Outlook(Crowd crowd, AdmissionLimits limits, Pace pace, TimeProvider clock)
{
    private readonly Shares _slots = Shares.OfSlots(limits.Parallel);

    /// <param name="applicant">Who wants to come in.</param>
    /// <param name="turn">Its turn.</param>
    /// <param name="ofCaller">Places that its caller holds.</param>
    public Verdict Decide(Applicant applicant, long turn, int ofCaller)
    {
        var ahead = crowd.PlaceOf(turn);
        var tokensAhead = crowd.Waiting.Take(ahead).Concat(crowd.Running.Where(each => each.Turn <= turn)).Sum(each => (long)each.PrefillLeft);
        var (cellsIn, spoils) = Cells(applicant, ahead);
        var load = new Load(crowd.Used, crowd.Running.Count, ofCaller, ahead, tokensAhead, pace.PrefillSpeed, pace.AnswerSeconds)
        {
            CellsIn = cellsIn,
            Spoils = spoils,
        };
        return AdmissionPolicy.Decide(applicant, load, limits);
    }

    /// <summary>A timestamp by which an applicant that is let in must have its cells; the end of time when nothing presses.</summary>
    public long CellsBy(Applicant applicant) => AdmissionPolicy.Allowed(applicant, limits) is { } allowed
        ? clock.GetTimestamp() + (long)((allowed.TotalSeconds - Lasts(applicant.PromptTokens, 0)) * clock.TimestampFrequency)
        : long.MaxValue;

    // When it has its cells; and when those behind it have theirs whom it would make late, or 0 when it makes nobody late.
    private (double In, double Spoils) Cells(Applicant applicant, int place)
    {
        if (applicant.Cells <= crowd.Cells.Free && crowd.Waiting.TrueForAll(each => each.HasCells))
        {
            return default;
        }

        var line = crowd.Waiting.ConvertAll(ClaimOf);
        var before = Grants(line);
        line.Insert(place, new Claim(applicant.Priority, applicant.Cells, Lasts(applicant.PromptTokens, applicant.MaxTokens), Seconds(applicant.Within)));
        var after = Grants(line);
        var spoils = 0.0;
        for (var index = place; index < crowd.Waiting.Count; index++)
        {
            var isLate = after[index + 1] > before[index] && after[index + 1] > Until(crowd.Waiting[index].CellsBy);
            spoils = isLate ? Math.Max(spoils, after[index + 1]) : spoils;
        }

        return (after[place], spoils);
    }

    private double[] Grants(List<Claim> line) =>
        Forecast.Grants(crowd.Running.ConvertAll(RunningClaimOf), line, crowd.Cells.Free, crowd.Cells.Total, _slots);

    private Claim ClaimOf(Generation waiting) => ClaimOf(waiting, waiting.Cells) with { IsReserved = waiting.HasCells };

    private Claim RunningClaimOf(Generation running) => ClaimOf(running, running.Held);

    private Claim ClaimOf(Generation generation, int cells) => new(
        generation.Request.Priority,
        cells,
        Lasts(generation.PrefillLeft, generation.Request.MaxTokens - generation.Tokens.Length),
        Until(generation.EndsBy));

    private double Lasts(int prompt, int answer) => (pace.PrefillSpeed > 0 ? prompt / pace.PrefillSpeed : 0) + answer * pace.TokenSeconds;

    private double Until(long timestamp) => timestamp == long.MaxValue
        ? double.PositiveInfinity
        : (timestamp - clock.GetTimestamp()) / (double)clock.TimestampFrequency;

    private static double Seconds(TimeSpan? time) => time?.TotalSeconds ?? double.PositiveInfinity;
}
