namespace ShopifyLlmGuard.Health;

/// <summary>How closely an endpoint is looked at.</summary>
internal enum Look
{
    /// <summary>Is it there, and does its work go on? Costs it nothing.</summary>
    Light,

    /// <summary>Also: is it ready, and does it give a token?</summary>
    Whole,
}

/// <summary>What decides about the next look at an endpoint.</summary>
/// <param name="State">What is thought of it.</param>
/// <param name="Probes">Recent probes, newest first; those since it went down, if it is. Light looks are among them only when they failed.</param>
/// <param name="IsSuspect">Its traffic fails, or this server's breaker has opened.</param>
/// <param name="SinceLook">How long ago the last look of any kind ended; null: never.</param>
/// <param name="SinceWhole">How long ago the last whole one ended; null: never.</param>
/// <param name="IsThere">Whether the last look, a light one, found it there.</param>
internal sealed record LookFacts(
    EndpointState State, IReadOnlyList<ProbeResult> Probes, bool IsSuspect, TimeSpan? SinceLook, TimeSpan? SinceWhole, bool IsThere);

/// <summary>
/// When to look at an endpoint again, and how closely. Pure. News is confirmed at once; a host that is gone is only knocked at, which
/// costs nobody anything, and is asked for tokens when it is there again; one that says it is well and gives none is asked less and
/// less often.
/// </summary>
internal static class LookPolicy
{
    /// <summary>The look that is due now; null: none.</summary>
    public static Look? Due(LookFacts facts, HealthOptions options)
    {
        if (facts.SinceLook is not { } since || facts.SinceWhole is not { } whole)
        {
            return Look.Whole;
        }

        return facts.State == EndpointState.Down ? Down(facts, since, options) : Standing(facts, since, whole, options);
    }

    private static Look? Standing(LookFacts facts, TimeSpan since, TimeSpan whole, HealthOptions options)
    {
        if (facts.Probes is [{ Finding: Finding.Unhealthy }, ..] && since >= options.ConfirmEvery)
        {
            return Look.Whole;
        }

        return whole >= (facts.IsSuspect ? options.RecheckEvery : options.Every) ? Look.Whole : since >= options.LookEvery ? Look.Light : null;
    }

    private static Look? Down(LookFacts facts, TimeSpan since, HealthOptions options)
    {
        var good = facts.Probes.TakeWhile(probe => probe.Good).Count();
        if (good > 0)
        {
            return since >= (good < options.GoodToUp ? options.ConfirmEvery : options.RecheckEvery) ? Look.Whole : null;
        }

        if (facts.Probes is [{ Stage: ProbeStage.Liveness }, ..])
        {
            return facts.IsThere ? Look.Whole : since >= options.RecheckEvery ? Look.Light : null;
        }

        return since >= Break(facts.Probes.TakeWhile(probe => !probe.Good).Count(), options) ? Look.Whole : null;
    }

    private static TimeSpan Break(int failures, HealthOptions options)
    {
        var length = options.RecheckEvery * Math.Pow(2, Math.Min(failures, 16));
        return length < options.LongestRecheck ? length : options.LongestRecheck;
    }
}
