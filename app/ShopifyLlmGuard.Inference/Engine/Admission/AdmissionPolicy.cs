namespace ShopifyLlmGuard.Inference.Engine.Admission;

/// <param name="Parallel">Answers that are computed at the same time.</param>
/// <param name="QueueLength">Requests that may wait beside them.</param>
/// <param name="PerCaller">Places that one caller may hold; 0 is no limit of its own.</param>
/// <param name="FirstToken">What chat and recommendations may wait for the first token, whatever their deadline is.</param>
/// <param name="IsShadow">Refuses only what there is no place for, and reports what it would have refused.</param>
internal sealed record AdmissionLimits(int Parallel, int QueueLength, int PerCaller, TimeSpan FirstToken, bool IsShadow)
{
    /// <summary>Cells that prompts and answers may have together, kept prefixes not counted.</summary>
    public int Cells { get; init; } = int.MaxValue;

    public int Places => Parallel + QueueLength;

    /// <summary>The last places are for callers who hold none.</summary>
    public int ForNewCallers => Places / 8;

    /// <summary>True when a refusal is only reported.</summary>
    public bool Overlooks(Refusal refusal) => IsShadow && refusal is not (Refusal.QueueFull or Refusal.Stopping);
}

/// <summary>A request as far as the decision needs to know it.</summary>
/// <param name="Priority">Its priority.</param>
/// <param name="PromptTokens">Tokens of its prompt that no kept prefix gives; 0 before they are known.</param>
/// <param name="Within">How much time it has; null when it does not say.</param>
internal readonly record struct Applicant(Priority Priority, int PromptTokens, TimeSpan? Within)
{
    /// <summary>Cells that are set aside for it: its whole prompt and its longest answer; 0 before they are known.</summary>
    public int Cells { get; init; }

    /// <summary>Tokens of its longest answer; 0 before they are known.</summary>
    public int MaxTokens { get; init; }
}

/// <summary>The house when a request comes.</summary>
/// <param name="Used">Places taken, running and waiting.</param>
/// <param name="Running">Answers that are being computed.</param>
/// <param name="OfCaller">Places that the same caller holds.</param>
/// <param name="Ahead">Waiting requests whose turn is before this one's.</param>
/// <param name="TokensAhead">Prompt tokens still to be computed before this one's.</param>
/// <param name="PrefillSpeed">Prompt tokens per second; 0 before it was measured.</param>
/// <param name="AnswerSeconds">How long an answer keeps its slot; 0 before it was measured.</param>
internal readonly record struct Load(
    Counts Used, int Running, int OfCaller, int Ahead, long TokensAhead, double PrefillSpeed, double AnswerSeconds)
{
    /// <summary>Seconds until its cells are set aside, if each answer before takes every token that it may; 0 when they are free now.</summary>
    public double CellsIn { get; init; }

    /// <summary>0, unless somebody behind it was promised cells and would get them too late because of it: then the seconds until that one has them.</summary>
    public double Spoils { get; init; }
}

/// <summary>Why a request was not let in.</summary>
internal enum Refusal
{
    None,

    /// <summary>No place is left.</summary>
    QueueFull,

    /// <summary>The caller holds as many places as one caller may.</summary>
    CallerLimit,

    /// <summary>The places that are left are kept for other priorities.</summary>
    PriorityLimit,

    /// <summary>The first token would come too late.</summary>
    DeadlineUnreachable,

    /// <summary>Nobody is let in any more.</summary>
    Stopping,
}

/// <param name="Refusal">None lets it in.</param>
/// <param name="FirstTokenIn">When its first token is expected.</param>
/// <param name="RetryAfter">When it would be let in, if nothing else comes; at least a second. Null when its own prompt takes too long for that.</param>
internal readonly record struct Verdict(Refusal Refusal, TimeSpan FirstTokenIn, TimeSpan? RetryAfter);

/// <summary>Decides whether a request may come in: room first, then whether its first token can come in time.</summary>
internal static class AdmissionPolicy
{
    // What is expected is a mean; who is let in shall mostly be in time.
    private const double Caution = 1.25;

    private static readonly TimeSpan Least = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Most = TimeSpan.FromMinutes(1);

    public static Verdict Decide(Applicant applicant, Load load, AdmissionLimits limits)
    {
        var first = FirstTokenIn(applicant, load, limits);
        var refusal = Room(applicant, load, limits);
        // An idle house lets in whatever comes: a speed that was once measured wrong must not keep it idle for ever.
        if (refusal == Refusal.None && load.Used.Total > 0 && Allowed(applicant, limits) is { } allowed && first * Caution > allowed)
        {
            var isInVain = Seconds(Own(applicant, load)) * Caution > allowed;
            return new Verdict(Refusal.DeadlineUnreachable, first, isInVain ? null : WholeSeconds((first * Caution - allowed).TotalSeconds));
        }

        if (refusal == Refusal.None && load.Spoils > 0)
        {
            return new Verdict(Refusal.DeadlineUnreachable, first, WholeSeconds(load.Spoils));
        }

        // A place is free when the next answer ends.
        return new Verdict(refusal, first, WholeSeconds(SlotIn(load, limits, 1)));
    }

    /// <summary>How long the first token may take; null for any time.</summary>
    public static TimeSpan? Allowed(Applicant applicant, AdmissionLimits limits) => applicant.Priority == Priority.Batch
        ? applicant.Within
        : applicant.Within is { } within && within < limits.FirstToken ? within : limits.FirstToken;

    private static Refusal Room(Applicant applicant, Load load, AdmissionLimits limits)
    {
        var free = limits.Places - load.Used.Total;
        if (free <= 0)
        {
            return Refusal.QueueFull;
        }

        if ((limits.PerCaller > 0 && load.OfCaller >= limits.PerCaller) || (load.OfCaller > 0 && free <= limits.ForNewCallers))
        {
            return Refusal.CallerLimit;
        }

        return Shares.OfPlaces(limits.Places).Allow(load.Used, applicant.Priority) ? Refusal.None : Refusal.PriorityLimit;
    }

    // Queued prompt tokens by the measured speed; and when all slots are taken, not before enough answers have ended.
    private static TimeSpan FirstTokenIn(Applicant applicant, Load load, AdmissionLimits limits)
    {
        var missing = load.Ahead + 1 - (limits.Parallel - load.Running);
        var prompts = load.PrefillSpeed > 0 ? load.TokensAhead / load.PrefillSpeed : 0;
        return Seconds(Math.Max(prompts, Math.Max(SlotIn(load, limits, missing), load.CellsIn)) + Own(applicant, load));
    }

    private static double Own(Applicant applicant, Load load) => load.PrefillSpeed > 0 ? applicant.PromptTokens / load.PrefillSpeed : 0;

    private static double SlotIn(Load load, AdmissionLimits limits, int missing) =>
        Math.Max(0, missing) * load.AnswerSeconds / limits.Parallel;

    private static TimeSpan WholeSeconds(double seconds)
    {
        var whole = Seconds(Math.Ceiling(seconds));
        return whole < Least ? Least : whole > Most ? Most : whole;
    }

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(Math.Min(seconds, TimeSpan.FromDays(1).TotalSeconds));
}
