namespace ShopifyLlmGuard.Llm.Endpoints;

/// <summary>Finds every mistake in a list of endpoints at once.</summary>
internal static class EndpointRules
{
    /// <param name="endpoints">The whole list.</param>
    /// <param name="attestationRequired">Whether the operator's own word about a jurisdiction is not enough.</param>
    /// <param name="where">Names an endpoint by its place in the list, up to the name of the wrong field.</param>
    public static IEnumerable<string> Mistakes(
        IReadOnlyList<LlmEndpoint> endpoints, bool attestationRequired, Func<int, string> where) =>
    [
        .. endpoints.SelectMany((endpoint, index) => Check(endpoint, attestationRequired).Select(mistake => where(index) + mistake)),
        .. endpoints.GroupBy(endpoint => endpoint.Id).Where(group => group.Count() > 1)
            .Select(group => $"Llm:Endpoints uses the Id '{group.Key}' twice."),
    ];

    private static IEnumerable<string> Check(LlmEndpoint endpoint, bool attestationRequired)
    {
        (bool Wrong, string Says)[] rules =
        [
            .. from field in ((string Name, string Value)[])
               [("Id", endpoint.Id), ("Region", endpoint.Region), ("Jurisdiction", endpoint.Jurisdiction), ("Model", endpoint.Model)]
               select (string.IsNullOrWhiteSpace(field.Value), $"{field.Name} is missing."),
            (!Uri.TryCreate(endpoint.Url, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"),
                "Url must be an absolute http or https address."),
            (endpoint.Weight is not (> 0 and <= 1000), "Weight must be above 0 and at most 1000."),
            (endpoint.Concurrency is not (>= 1 and <= 10_000), "Concurrency must be between 1 and 10000."),
            .. from time in ((string Name, TimeSpan? Value)[])
               [("Connect", endpoint.Connect), ("FirstToken", endpoint.FirstToken), ("TokenGap", endpoint.TokenGap)]
               select (time.Value <= TimeSpan.Zero || time.Value > TimeSpan.FromMinutes(1), $"{time.Name} must be above zero and at most a minute."),
            (attestationRequired && endpoint.AttestedUntil is null, "AttestedUntil is missing, and Llm:RequireAttestation is on."),
        ];
        return rules.Where(rule => rule.Wrong).Select(rule => rule.Says);
    }
}
