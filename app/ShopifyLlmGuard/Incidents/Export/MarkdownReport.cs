using System.Globalization;
using System.Text;
using ShopifyLlmGuard.Incidents.Clocks;
using ShopifyLlmGuard.Incidents.Judgement;

namespace ShopifyLlmGuard.Incidents.Export;

/// <summary>An incident's file as a document that a person reads, completes and hands in.</summary>
internal sealed class MarkdownReport(IncidentFile file, IncidentOptions options)
{
    private readonly StringBuilder text = new();

    public string Write()
    {
        Line($"# Incident {file.Incident.Id}: {Plain(file.Incident.Title)}");
        Line($"As of {At(file.ReadAt)}, for {file.Shop ?? "the operator"}. Written by the guard from its records; a draft until a person has read it.");
        Facts();
        Answers();
        Significance();
        Clocks();
        Timeline();
        Drafts();
        return text.ToString();
    }

    private void Facts()
    {
        Line("## Facts");
        Table("Fact", "Value");
        Row("Detected", By(file.Detected));
        Row("Assessed", By(file.Assessed));
        Row("Aware", By(file.Aware));
        Row("Ended", file.EndedAt is { } ended ? At(ended) : "it goes on");
        Row("Not live for", DurationWords.Of(file.Duration));
        foreach (var (feature, duration) in file.Durations)
        {
            Row($"– {feature}", DurationWords.Of(duration));
        }

        Row("Shops", Number(file.Shops));
        Row("Regions", Names(file.Incident.Regions));
        Row("Endpoints", Names(file.Incident.Endpoints));
        Row("Cause", file.Incident.Cause);
        End();
    }

    private void Answers()
    {
        Line("## What shoppers saw");
        Line("Answers that the guard gave in the minutes of the incident. Pages that a shop shows without asking the guard are not counted, and people are not.");
        Table("Feature", "Source", "Reason", "Answers");
        foreach (var answer in file.Answers)
        {
            Row(answer.Feature, answer.Source, answer.Reason.Length == 0 ? "–" : answer.Reason, Number(answer.Count));
        }

        End();
    }

    private void Significance()
    {
        var proposal = file.Proposal(options.Significance);
        Line("## Significance");
        Line($"The tool proposes: {Word(proposal.Verdict)} (profile {options.Significance.Profile}; {Grounds(proposal)}). A person decides.");
        Table("Criterion", "Source", "Question", "Met", "Because");
        foreach (var finding in proposal.Findings)
        {
            Row(finding.Code, finding.Source, finding.Question, Word(finding.Met), finding.Because);
        }

        End();
        Table("Decision", "Is", "The tool had proposed", "By", "When", "Reason");
        foreach (var step in file.Steps.Where(step => step.Kind == IncidentStep.Decided))
        {
            Row(step.About!, step.Decision == true ? "yes" : "no", step.Proposal is { } proposed ? Word(proposed.Verdict) : "–", step.Actor, At(step.At), step.Reason ?? "");
        }

        End();
    }

    private void Clocks()
    {
        Line("## Clocks");
        Table("Report", "State", "Started", "Due", "Handed in");
        foreach (var clock in file.Clocks(options))
        {
            Row(clock.Rule.Label, DurationWords.Countdown(clock, file.ReadAt), At(clock.Start), At(clock.Due),
                clock.Submission is { } done ? $"{At(done.At)} by {done.By}{(done.Reference is null ? "" : $", reference {done.Reference}")}" : "–");
        }

        End();
    }

    private void Timeline()
    {
        Line("## Timeline");
        Table("When", "What", "By", "Reason");
        foreach (var line in file.Timeline)
        {
            Row(At(line.At), line.What, line.By, line.Reason ?? "–");
        }

        End();
    }

    private void Drafts()
    {
        foreach (var draft in Draft.Of(file, options))
        {
            Line($"## Draft: {draft.Title}");
            Table("Field", "Value");
            foreach (var field in draft.Fields)
            {
                Row(field.Name, field.Value);
            }

            End();
        }
    }

    private void Line(string line) => text.Append(line).Append("\n\n");

    private void Table(params string[] heads)
    {
        Row(heads);
        Row([.. heads.Select(_ => "---")]);
    }

    private void Row(params string[] cells) => text.Append("| ").AppendJoin(" | ", cells.Select(Plain)).Append(" |\n");

    private void End() => text.Append('\n');

    private string At(DateTimeOffset? moment) => moment is { } known ? MomentWords.Of(known, options) : "–";

    private string By(IncidentMoment? moment) => moment is null ? "not yet"
        : $"{At(moment.At)} by {moment.By}{(moment.RecordedAt == moment.At ? "" : $", recorded {At(moment.RecordedAt)}")}";

    private static string Grounds(Proposal proposal) => proposal.Verdict switch
    {
        YesNo.Yes => $"met: {Plain(proposal.Grounds)}",
        YesNo.Unknown => $"a person still has to say: {Plain(proposal.Grounds)}",
        _ => $"judged by: {Plain(proposal.Grounds)}",
    };

    private static string Word(YesNo answer) => answer.ToString().ToLowerInvariant();

    private static string Names(List<string> names) => names.Count == 0 ? "–" : string.Join(", ", names);

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    // A person's words must neither end a cell nor become markup.
    private static string Plain(string words)
    {
        var plain = new StringBuilder(words.Length);
        foreach (var character in words.ReplaceLineEndings(" "))
        {
            _ = character is '|' or '\\' or '`' or '*' or '_' or '[' or ']' or '<' or '>' or '#' ? plain.Append('\\').Append(character) : plain.Append(character);
        }

        return plain.ToString();
    }
}
