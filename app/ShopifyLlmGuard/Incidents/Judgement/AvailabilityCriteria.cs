using System.Globalization;
using ShopifyLlmGuard.Incidents.Clocks;

namespace ShopifyLlmGuard.Incidents.Judgement;

/// <summary>
/// The criteria of Articles 7, 10 and 11 on availability and data. What must be available is the critical path: checkout, login,
/// booking and the shop's pages. Nothing of it runs through the guard, so a person says whether it failed and for how long. Pure.
/// </summary>
internal static class AvailabilityCriteria
{
    public static IEnumerable<Finding> All(SignificanceFacts facts, SignificanceOptions options) =>
    [
        Unavailable(facts, options), Limited(facts, options), Compromised(facts.Assessment, options),
    ];

    private static Finding Unavailable(SignificanceFacts facts, SignificanceOptions options)
    {
        var (found, isMarketplace) = (facts.Assessment, options.Profile == Significance.Marketplace);
        var met = isMarketplace
            ? Judged.All(Failed(found), Fully(found), ManyUsers(found, options))
            : Judged.All(Failed(found), Fully(found), LongerThan(options.FullyUnavailable, found));
        return new(
            "unavailable", Law.Of(options.Profile),
            $"Was the critical path fully unavailable {(isMarketplace ? "for many users" : $"for longer than {DurationWords.Of(options.FullyUnavailable)}")}?",
            met, Because(facts, isMarketplace));
    }

    private static Finding Limited(SignificanceFacts facts, SignificanceOptions options)
    {
        var (found, isMarketplace) = (facts.Assessment, options.Profile == Significance.Marketplace);
        var met = Judged.All(Failed(found), ManyUsers(found, options), isMarketplace ? YesNo.Yes : LongerThan(options.Limited, found));
        return new(
            "limited", Law.Of(options.Profile),
            $"Was the critical path limited for many users{(isMarketplace ? "" : $" for longer than {DurationWords.Of(options.Limited)}")}?",
            met, Because(facts, withUsers: true));
    }

    private static Finding Compromised(Assessment found, SignificanceOptions options) => new(
        "data-compromised", Law.Of(options.Profile),
        "Was the integrity, confidentiality or authenticity of data compromised by a suspectedly malicious act, or for many users?",
        Judged.All(found.DataCompromised, Judged.Any([found.Malicious, ManyUsers(found, options)])),
        $"Data compromised: {Judged.Words(found.DataCompromised)}. Suspected malice: {Judged.Words(found.Malicious)}. {Users(found)}");

    private static YesNo Failed(Assessment found) =>
        found.CriticalPath == YesNo.Unknown && found.FullyUnavailable == YesNo.Yes ? YesNo.Yes : found.CriticalPath;

    // What did not fail at all was not fully unavailable.
    private static YesNo Fully(Assessment found) => found.CriticalPath == YesNo.No ? YesNo.No : found.FullyUnavailable;

    private static YesNo LongerThan(TimeSpan limit, Assessment found) =>
        Judged.Is(found.CriticalMinutes is { } minutes ? minutes > limit.TotalMinutes : null);

    private static YesNo ManyUsers(Assessment found, SignificanceOptions options) => (found.Users, found.UsersShare) switch
    {
        (null, null) => YesNo.Unknown,
        ({ } users, _) when users > options.Users => YesNo.Yes,
        (_, { } share) when share > options.UsersShare => YesNo.Yes,
        (_, null) => YesNo.Unknown,
        _ => YesNo.No,
    };

    private static string Because(SignificanceFacts facts, bool withUsers)
    {
        var found = facts.Assessment;
        var minutes = found.CriticalMinutes is { } known ? DurationWords.Of(TimeSpan.FromMinutes(known)) : "not assessed";
        var asks = Failed(found) == YesNo.No ? "" : $" Fully: {Judged.Words(found.FullyUnavailable)}. For how long: {minutes}.{(withUsers ? $" {Users(found)}" : "")}";
        return string.Create(CultureInfo.InvariantCulture,
            $"The guard knows that AI was not live, without being held so by a person, for {DurationWords.Of(facts.WithoutAI)} and that shoppers got {facts.Answers} {(facts.Answers == 1 ? "answer" : "answers")} meanwhile; neither is the critical path. Checkout, login, booking or pages failed: {Judged.Words(Failed(found))}.{asks}");
    }

    private static string Users(Assessment found) => string.Create(CultureInfo.InvariantCulture,
        $"Users: {(found.Users is { } users ? $"{users}" : "unknown number")}, {(found.UsersShare is { } share ? $"{share * 100:0.##} %" : "unknown share")}.");
}
