using System.Data.Common;
using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Incidents;
using ShopifyLlmGuard.Incidents.Clocks;
using ShopifyLlmGuard.Incidents.Export;
using ShopifyLlmGuard.Incidents.Judgement;

namespace ShopifyLlmGuard.Server.Ops.Records;

/// <summary>The operator's command line for incidents. The operator's steps are its own: each merchant decides in the admin.</summary>
internal sealed class IncidentCommand(IncidentReader reader, IncidentDesk desk, IncidentReport report, IOptions<IncidentOptions> options, TimeProvider clock)
{
    public const string Usage = """
        ShopifyLlmGuard.Server incident list
        ShopifyLlmGuard.Server incident open --title TEXT [--shop DOMAIN]... [--feature KEY]... [--detected TIME] [--actor NAME]
        ShopifyLlmGuard.Server incident assess ID [--critical-path|--fully-unavailable|--severe-disruption|--unauthorised-access|--malicious|--cross-border|--data-compromised|--personal-data|--phi|--health-damage|--death|--trade-secrets|--planned yes|no|unknown]...
            [--critical-minutes NUMBER] [--loss EUR] [--users NUMBER] [--users-percent NUMBER] [--persons NUMBER] [--records NUMBER] [--individuals NUMBER]
            [--root-cause TEXT] [--impact TEXT] [--measures TEXT] [--categories TEXT] [--contact TEXT] [--reason TEXT] [--actor NAME]
        ShopifyLlmGuard.Server incident aware ID [--at TIME] [--reason TEXT] [--actor NAME]
        ShopifyLlmGuard.Server incident decide ID significant|breach|hipaa-breach|cra-severe yes|no --reason TEXT [--actor NAME]
        ShopifyLlmGuard.Server incident submit ID STAGE [--at TIME] [--reference TEXT] [--actor NAME]
        ShopifyLlmGuard.Server incident close ID --reason TEXT [--actor NAME]
        ShopifyLlmGuard.Server incident export ID [--format md|json] [--shop DOMAIN]
        """;

    public async Task<int> RunAsync(string[] words, TextWriter output)
    {
        try
        {
            return words switch
            {
                ["list"] => await ListAsync(output),
                ["open", .. var rest] => await OpenAsync(new Given(rest), output),
                [var verb, var number, .. var rest] when long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var id) =>
                    verb == "export" ? await ExportAsync(id, new Given(rest), output) : await ActAsync(verb, id, rest, output),
                _ => await SayAsync(output, Usage, 2),
            };
        }
        catch (Exception failure) when (failure is DbException or DbUpdateException or InvalidOperationException or TimeoutException)
        {
            return await SayAsync(output, $"The database did not do that: {failure.GetBaseException().Message}", 1);
        }
    }

    private async Task<int> ListAsync(TextWriter output)
    {
        foreach (var line in await reader.ListAsync(null))
        {
            var state = line.ClosedAt is not null ? "closed" : line.EndedAt is { } ended ? $"ended {MomentWords.Of(ended, options.Value)}" : "goes on";
            var next = line.Next is null ? "" : $"  {line.Next.Rule.Label}: {DurationWords.Countdown(line.Next, clock.GetUtcNow())}";
            await output.WriteLineAsync($"{line.Id}  {MomentWords.Of(line.DetectedAt, options.Value)}  {state}  {line.Title}  {string.Join(',', line.Features)}  {line.Shops} shops{next}");
        }

        return 0;
    }

    private async Task<int> OpenAsync(Given given, TextWriter output)
    {
        var (shops, features, title, detected, actor) = (given.All("--shop"), given.All("--feature"), given.Text("--title") ?? "", given.Moment("--detected"), ActorOf(given));
        if (!given.IsGood)
        {
            return await SayAsync(output, Usage, 2);
        }

        var (id, mistake) = await desk.OpenAsync(shops, features, title, detected, actor);
        return id is null ? await SayAsync(output, mistake!, 1) : await SayAsync(output, $"Incident {id} is open.", 0);
    }

    private async Task<int> ActAsync(string verb, long id, string[] words, TextWriter output)
    {
        var (about, decision, rest) = (verb, words) switch
        {
            ("decide", [var topic, ("yes" or "no") and var answer, .. var more]) => (topic, answer == "yes", more),
            ("submit", [var stage, .. var more]) => (stage, false, more),
            _ => ("", false, words),
        };
        var given = new Given(rest);
        var party = new IncidentParty(id, null, ActorOf(given));
        Func<Task<string?>>? act = (verb, given.Text("--reason")) switch
        {
            ("assess", var reason) when Found(given, (await reader.ReadAsync(id, null))?.Assessment ?? new Assessment()) is var found => () => desk.AssessAsync(party, found, reason),
            ("aware", var reason) when given.Moment("--at") is var at => () => desk.BeAwareAsync(party, at, reason),
            ("decide", var reason) when about.Length > 0 => () => desk.DecideAsync(party, about, decision, reason ?? ""),
            ("submit", null) when about.Length > 0 && given.Moment("--at") is var at && given.Text("--reference") is var reference => () => desk.SubmitAsync(party, about, at, reference),
            ("close", var reason) => () => desk.CloseAsync(party, reason ?? ""),
            _ => null,
        };
        return act is null || !given.IsGood ? await SayAsync(output, Usage, 2)
            : await act() is { } mistake ? await SayAsync(output, mistake, 1) : await SayAsync(output, "Recorded.", 0);
    }

    private async Task<int> ExportAsync(long id, Given given, TextWriter output)
    {
        var (format, shop) = (given.Text("--format") ?? IncidentReport.Markdown, given.Text("--shop"));
        if (!given.IsGood || IncidentReport.MediaType(format) is null)
        {
            return await SayAsync(output, Usage, 2);
        }

        if (await reader.ReadAsync(id, shop) is not { } file)
        {
            return await SayAsync(output, "There is no such incident.", 1);
        }

        await output.WriteAsync(report.Write(file, format));
        return 0;
    }

    // What is not said stays as it was.
    private static Assessment Found(Given given, Assessment before) => Answered(given, before) with
    {
        CriticalMinutes = given.Count("--critical-minutes") ?? before.CriticalMinutes,
        LossEuro = given.Number("--loss") ?? before.LossEuro, Users = given.Count("--users") ?? before.Users,
        UsersShare = (double?)given.Number("--users-percent") / 100 ?? before.UsersShare, Persons = given.Count("--persons") ?? before.Persons,
        Records = given.Count("--records") ?? before.Records, Individuals = given.Count("--individuals") ?? before.Individuals,
        RootCause = given.Text("--root-cause") ?? before.RootCause, Impact = given.Text("--impact") ?? before.Impact,
        Measures = given.Text("--measures") ?? before.Measures, Categories = given.Text("--categories") ?? before.Categories,
        Contact = given.Text("--contact") ?? before.Contact,
    };

    private static Assessment Answered(Given given, Assessment before) => before with
    {
        CriticalPath = given.Answer("--critical-path") ?? before.CriticalPath,
        FullyUnavailable = given.Answer("--fully-unavailable") ?? before.FullyUnavailable,
        SevereDisruption = given.Answer("--severe-disruption") ?? before.SevereDisruption,
        UnauthorisedAccess = given.Answer("--unauthorised-access") ?? before.UnauthorisedAccess, Malicious = given.Answer("--malicious") ?? before.Malicious,
        CrossBorder = given.Answer("--cross-border") ?? before.CrossBorder, DataCompromised = given.Answer("--data-compromised") ?? before.DataCompromised,
        PersonalData = given.Answer("--personal-data") ?? before.PersonalData,
        ProtectedHealthInformation = given.Answer("--phi") ?? before.ProtectedHealthInformation,
        HealthDamage = given.Answer("--health-damage") ?? before.HealthDamage, Death = given.Answer("--death") ?? before.Death,
        TradeSecrets = given.Answer("--trade-secrets") ?? before.TradeSecrets, Planned = given.Answer("--planned") ?? before.Planned,
    };

    private static string ActorOf(Given given) => given.Text("--actor") ?? Environment.UserName;

    private static async Task<int> SayAsync(TextWriter output, string words, int code)
    {
        await output.WriteLineAsync(words);
        return code;
    }
}
