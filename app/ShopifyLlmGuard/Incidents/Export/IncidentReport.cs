using System.Text.Json;
using Microsoft.Extensions.Options;

namespace ShopifyLlmGuard.Incidents.Export;

/// <summary>
/// Writes an incident's file for people and for programs. The same file gives the same text. It holds counts, moments and what
/// people of the house wrote; never a shopper's words, because the guard has none.
/// </summary>
public sealed class IncidentReport(IOptions<IncidentOptions> options)
{
    public const string Markdown = "md", Json = "json";

    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web) { WriteIndented = true, NewLine = "\n" };

    /// <summary>The media type of a format; null when there is no such format.</summary>
    public static string? MediaType(string? format) => format switch { Markdown => "text/markdown", Json => "application/json", _ => null };

    /// <param name="file">What the reader may know.</param>
    /// <param name="format"><c>md</c> or <c>json</c>.</param>
    public string Write(IncidentFile file, string format) =>
        format == Json ? JsonSerializer.Serialize(Content(file), Format) + "\n" : new MarkdownReport(file, options.Value).Write();

    private object Content(IncidentFile file)
    {
        var proposal = file.Proposal(options.Value.Significance);
        return new
        {
            Incident = file.Incident.Id,
            file.Incident.Title,
            file.Incident.Cause,
            For = file.Shop ?? "operator",
            AsOf = Moment(file.ReadAt),
            Detected = By(file.Detected),
            Assessed = By(file.Assessed),
            Aware = By(file.Aware),
            EndedAt = Moment(file.EndedAt),
            DurationSeconds = (long)file.Duration.TotalSeconds,
            Features = file.Durations.Select(each => new { each.Feature, Seconds = (long)each.Duration.TotalSeconds }),
            file.Shops,
            file.Incident.Regions,
            file.Incident.Endpoints,
            file.Answers,
            file.Assessment,
            Proposal = new { Verdict = proposal.Verdict.ToString().ToLowerInvariant(), options.Value.Significance.Profile, proposal.Grounds, proposal.Findings },
            Decisions = file.Steps.Where(step => step.Kind == IncidentStep.Decided)
                .Select(step => new
                {
                    Topic = step.About, step.Decision, Proposed = step.Proposal?.Verdict.ToString().ToLowerInvariant(), ProposedBecause = step.Proposal?.Grounds,
                    step.Reason, By = step.Actor, At = Moment(step.At),
                }),
            Clocks = file.Clocks(options.Value).Select(clock => new
            {
                clock.Rule.Stage, clock.Rule.Label, State = JsonNamingPolicy.KebabCaseLower.ConvertName(clock.State.ToString()),
                Start = Moment(clock.Start), Due = Moment(clock.Due), SubmittedAt = Moment(clock.Submission?.At), SubmittedBy = clock.Submission?.By,
                clock.Submission?.Reference,
            }),
            Timeline = file.Timeline.Select(line => new { At = Moment(line.At), line.What, line.By, line.Reason }),
            Drafts = Draft.Of(file, options.Value),
        };
    }

    private object? By(IncidentMoment? moment) =>
        moment is null ? null : new { At = Moment(moment.At), moment.By, moment.Reason, RecordedAt = Moment(moment.RecordedAt) };

    private object? Moment(DateTimeOffset? at) => at is not { } known ? null : new
    {
        Utc = known.UtcDateTime, Local = TimeZoneInfo.ConvertTime(known, options.Value.TimeZone), options.Value.Zone,
    };
}
