using ShopifyLlmGuard.Llm.Endpoints;

namespace ShopifyLlmGuard.Llm.Residency;

/// <summary>
/// A call together with an endpoint that may see its words. Whatever sends words (first try, retry, hedge, stream) takes this
/// and nothing else, and only <see cref="Among"/> makes one: there is no way to an endpoint past the residency policy.
/// </summary>
internal sealed class EligibleEndpoint
{
    internal const string OtherModel = "other-model", OtherEndpoint = "other-endpoint", RegionHeld = "region-held";

    private EligibleEndpoint(ModelCall call, EndpointLane lane) => (Call, Lane) = (call, lane);

    public ModelCall Call { get; }
    public EndpointLane Lane { get; }
    public LlmEndpoint Endpoint => Lane.Endpoint;

    /// <summary>Sorts the endpoints into those that may see the call's words, and have its model, and those that may not.</summary>
    public static Eligibility Among(ModelCall call, IEnumerable<EndpointLane> lanes, DateTimeOffset now)
    {
        List<EligibleEndpoint> eligible = [];
        List<Refusal> refused = [];
        foreach (var lane in lanes)
        {
            if (Objection(call, lane, now) is { } objection)
            {
                refused.Add(new Refusal(lane.Endpoint.Id, objection));
            }
            else
            {
                eligible.Add(new EligibleEndpoint(call, lane));
            }
        }

        return new Eligibility(eligible, refused);
    }

    /// <summary>Whether it still holds at the moment of sending: a proof may have ended, or the endpoint been described anew.</summary>
    public bool HoldsAt(DateTimeOffset now) => Lane.IsInService && Objection(Call, Lane, now) is null;

    private static string? Objection(ModelCall call, EndpointLane lane, DateTimeOffset now) => ResidencyPolicy.Objection(
        call.Caller.Jurisdictions, lane.Endpoint.Region, lane.Endpoint.Jurisdiction, lane.Endpoint.AttestedUntil, now)
        ?? (call.Model is null || call.Model == lane.Endpoint.Model ? null : OtherModel)
        ?? (call.OnlyAt is null || call.OnlyAt == lane.Endpoint.Id ? null : OtherEndpoint);
}

/// <summary>An endpoint that may not see a call's words, and why.</summary>
internal sealed record Refusal(string Endpoint, string Objection);

/// <summary>What the policy made of all endpoints for one call.</summary>
internal sealed record Eligibility(IReadOnlyList<EligibleEndpoint> Eligible, IReadOnlyList<Refusal> Refused)
{
    /// <summary>Whether the residency policy kept the call from an endpoint: that there is none, or none with its model, is no policy.</summary>
    public bool IsByPolicy => Refused.Any(refusal => refusal.Objection is not (EligibleEndpoint.OtherModel or EligibleEndpoint.OtherEndpoint or EligibleEndpoint.RegionHeld));

    /// <summary>Without the endpoints that are not to be used now.</summary>
    public Eligibility Without(Func<LlmEndpoint, bool> isHeld) => Eligible.Any(here => isHeld(here.Endpoint)) ? new(
        [.. Eligible.Where(here => !isHeld(here.Endpoint))],
        [.. Refused, .. Eligible.Where(here => isHeld(here.Endpoint)).Select(here => new Refusal(here.Endpoint.Id, EligibleEndpoint.RegionHeld))]) : this;

    /// <summary>For the evidence: how many could have been asked, and why the others could not.</summary>
    public string Explain() => string.Join("; ",
        [$"{Eligible.Count} of {Eligible.Count + Refused.Count} eligible", .. Refused.Select(refusal => $"{refusal.Endpoint} {refusal.Objection}")]);
}
