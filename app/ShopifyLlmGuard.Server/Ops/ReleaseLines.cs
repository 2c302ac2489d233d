using System.Globalization;
using ShopifyLlmGuard.Releases;

namespace ShopifyLlmGuard.Server.Ops;

/// <summary>How a feature's releases stand, in plain words.</summary>
internal static class ReleaseLines
{
    public static IEnumerable<string> Of(string feature, ReleaseStatus status) =>
    [
        Say($"{feature}: {Who(status)}"),
        .. status.Compared is { } compared ? Comparison(compared) : [],
        .. status.Before is { } before ? (string[])[Say($"  {before.Id} is {(status.WarmAt.Count > 0
            ? $"warm at {string.Join(", ", status.WarmAt)}" : "COLD: no endpoint that is up has its model")}; release rollback {feature} goes back to it.")] : [],
        .. status.Golden is { } run ? Golden(run) : [],
    ];

    /// <summary>One check of a golden run.</summary>
    public static string Of(GoldenResult result) => Say(
        $"{(result.Problem is not null ? "FAILED" : result.Unchecked is not null ? "NOT CHECKED" : "passed")}  {result.Prompt}  {result.Endpoint ?? "no endpoint"}  {result.Milliseconds:0} ms  {result.Problem ?? result.Unchecked}").TrimEnd();

    /// <summary>A golden run in one or two lines.</summary>
    public static IEnumerable<string> Golden(GoldenRun run) =>
    [
        Say($"  {run.Release} has {(run.Passed ? "passed" : "NOT passed")} its golden prompts at {Endpoints(run)}, {run.At:yyyy-MM-dd HH:mm}Z, asked by {run.Actor}."),
        .. run.Results.Where(result => result.Unchecked is not null).Select(result => Say($"  NOT CHECKED: {result.Prompt} at {result.Endpoint}: {result.Unchecked}.")),
    ];

    private static string Endpoints(GoldenRun run) =>
        run.Results.Select(result => result.Endpoint).OfType<string>().Distinct().ToList() is { Count: > 0 } asked ? string.Join(", ", asked) : "no endpoint";

    private static string Who(ReleaseStatus status) => status switch
    {
        { Compared: null } => $"{status.Rollout.Stable.Id} answers everyone; nothing is compared.",
        { Compared: { Until: { } until } held } => Say(
            $"{held.New} answers everyone since {status.Rollout.Since:yyyy-MM-dd HH:mm}Z, but for {100 - held.Percent} % of the visitors who keep {held.Old} until {until:HH:mm}Z, to compare."),
        { Compared: { } shared } => Say(
            $"{shared.New} answers {shared.Percent} % of the visitors since {status.Rollout.Since:yyyy-MM-dd HH:mm}Z, {shared.Old} the others; it is widened {(status.Rollout.IsAutomatic ? "by itself" : "by hand")}."),
    };

    private static IEnumerable<string> Comparison(ReleaseStand compared) =>
    [
        $"  {compared.Verdict.Detail}",
        .. compared.Verdict.Stands.Select(stand => Say(
            $"    {stand.Signal,-16}  {compared.New}: {Share(stand.New)}   {compared.Old}: {Share(stand.Old)}   {Words(stand.Evidence, compared.RolledBackAt)}")),
        Say($"  Evidence against {compared.New} in all: {compared.Verdict.Evidence:0.##}. It is rolled back at {compared.RolledBackAt:0}."),
    ];

    private static string Share((long Bad, long Of) counted) =>
        counted.Of == 0 ? "nothing measured" : Say($"{counted.Bad} of {counted.Of} ({100.0 * counted.Bad / counted.Of:0.#} %)");

    private static string Words(double evidence, double limit) =>
        evidence <= 1 ? "nothing against it" : Say($"{(evidence < Math.Sqrt(limit) ? "a little" : "much")} against it ({evidence:0.#})");

    private static string Say(FormattableString words) => words.ToString(CultureInfo.InvariantCulture);
}
