namespace ShopifyLlmGuard.Llm.Residency;

/// <summary>Whose law may see whose words. Pure; what is unknown, missing or over is not allowed.</summary>
public static class ResidencyPolicy
{
    public const string NoPolicy = "no-jurisdiction-allowed";
    public const string UnknownPlace = "place-unknown";
    public const string OtherJurisdiction = "other-jurisdiction";
    public const string AttestationExpired = "attestation-expired";

    /// <summary>Why an endpoint may not see a caller's words; null when it may.</summary>
    /// <param name="allowed">The jurisdictions that the caller allows.</param>
    /// <param name="region">Where the endpoint runs.</param>
    /// <param name="jurisdiction">Whose law it runs under.</param>
    /// <param name="attestedUntil">When the proof of that ends; null: the operator's own word, without end.</param>
    /// <param name="now">The present.</param>
    public static string? Objection(
        IReadOnlyList<string> allowed, string region, string jurisdiction, DateTimeOffset? attestedUntil, DateTimeOffset now)
    {
        // Loops, because every answer asks for every endpoint, and LINQ would allocate.
        var (isAny, isAllowed) = (false, false);
        for (var index = 0; index < allowed.Count; index++)
        {
            isAny |= !string.IsNullOrWhiteSpace(allowed[index]);
            isAllowed |= string.Equals(allowed[index], jurisdiction, StringComparison.OrdinalIgnoreCase);
        }

        if (!isAny)
        {
            return NoPolicy;
        }

        if (string.IsNullOrWhiteSpace(region) || string.IsNullOrWhiteSpace(jurisdiction))
        {
            return UnknownPlace;
        }

        if (!isAllowed)
        {
            return OtherJurisdiction;
        }

        return attestedUntil <= now ? AttestationExpired : null;
    }
}
