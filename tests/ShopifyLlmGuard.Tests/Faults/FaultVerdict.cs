namespace ShopifyLlmGuard.Tests.Faults;

/// <summary>How a call under a fault is judged, in FailoverBench's words.</summary>
internal static class FaultVerdict
{
    public const string Pass = "pass", Partial = "partial", Safe = "safe", Fail = "fail";

    /// <summary>
    /// <c>pass</c>: the caller got what the fault promises, and the broken endpoint was treated well. <c>partial</c>: got it, but
    /// not so well. <c>safe</c>: a clean error instead. <c>fail</c>: half an answer as a whole one, or no end in time. Where
    /// FailoverBench wants a second try at the same provider and calls failing over "acceptable" (S01, S03), both are a pass.
    /// </summary>
    public static string Of(FaultLane lane, Told? told, IReadOnlyList<FaultyLlm.Seen> atFirst, int atSecond)
    {
        if (told is null or { Status: 0 } || told.IsTruncated || (!told.IsComplete && told.Error is null))
        {
            return Fail;
        }

        return lane.Fault.Promise switch
        {
            Promise.Refusal => told.IsComplete || atSecond > 0 ? Partial : Conduct(lane, atFirst),
            Promise.AnswerOrError => Conduct(lane, atFirst),
            _ when !told.IsComplete => Safe,
            _ => lane.Knows(told.Model) && told.HasUsage ? Conduct(lane, atFirst) : Partial,
        };
    }

    private static string Conduct(FaultLane lane, IReadOnlyList<FaultyLlm.Seen> atFirst) =>
        atFirst.Count > lane.Fault.MostAttempts || (lane.Fault.AsksToWait && atFirst.Count > 1 && atFirst[1].At - atFirst[0].At < TimeSpan.FromSeconds(1.8))
            ? Partial : Pass;
}
