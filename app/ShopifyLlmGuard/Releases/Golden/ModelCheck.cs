using ShopifyLlmGuard.Llm;
using ShopifyLlmGuard.Llm.Endpoints;
using ShopifyLlmGuard.Llm.Wire;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Releases.Golden;

/// <summary>Whether a host has loaded what a release names. What it does not tell is unchecked, which is neither passed nor failed.</summary>
internal static class ModelCheck
{
    private static readonly TimeSpan Within = TimeSpan.FromSeconds(3);

    /// <summary>Asks the host and compares. Does not throw.</summary>
    public static async Task<IReadOnlyList<GoldenResult>> RunAsync(
        ReleaseBundle bundle, EndpointLane lane, TimeProvider clock, CancellationToken cancellationToken)
    {
        if (bundle.Quantisation is null && bundle.Template is null)
        {
            return [];
        }

        var began = clock.GetTimestamp();
        var told = await AskAsync(lane, clock, cancellationToken);
        return Compare(bundle, told, lane.Endpoint.Id, Math.Round(clock.GetElapsedTime(began).TotalMilliseconds, 1));
    }

    /// <param name="bundle">What the release names.</param>
    /// <param name="told">What the host tells; null when it did not answer.</param>
    /// <param name="endpoint">The host.</param>
    /// <param name="milliseconds">How long it took.</param>
    public static IReadOnlyList<GoldenResult> Compare(ReleaseBundle bundle, HostModel? told, string endpoint, double milliseconds)
    {
        (string Name, string? Expected, string? There)[] facts =
            [("(quantisation)", bundle.Quantisation, told?.Quantisation), ("(template)", bundle.Template, told?.Template)];
        return [.. facts.Where(fact => fact.Expected is not null).Select(fact => new GoldenResult(
            fact.Name, told is null ? Reasons.EndpointUnreachable : Problem(fact.Expected!, fact.There), endpoint, milliseconds)
        {
            Unchecked = told is not null && fact.There is null ? "the host does not tell" : null,
        })];
    }

    private static string? Problem(string expected, string? there) =>
        there is null || there.Equals(expected, StringComparison.OrdinalIgnoreCase) ? null : $"expected {expected}, and there is {there}";

    private static async Task<HostModel?> AskAsync(EndpointLane lane, TimeProvider clock, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var asking = Task.Run(() => lane.Client.DescribeAsync(stop.Token), CancellationToken.None);
        if (await Race.EndsAsync(asking, Within, clock, cancellationToken) && asking.IsCompletedSuccessfully)
        {
            return await asking;
        }

        await stop.CancelAsync();
        Race.Forget(asking);
        return null;
    }
}
