using System.Globalization;
using ShopifyLlmGuard.Incidents;
using ShopifyLlmGuard.Incidents.Clocks;
using ShopifyLlmGuard.Incidents.Judgement;

namespace ShopifyLlmGuard.Tests.Incidents.Clocks;

public sealed class ClockReaderTests
{
    private static readonly DateTimeOffset Aware = At("2026-11-24T08:00Z");

    // One month and sixty days are counted on the wall clock: over changes of the clock, short months and leap years.
    [Theory]
    [InlineData("2026-11-24T08:00Z", 24, 0, 0, "Europe/Berlin", "2026-11-25T08:00Z")]
    [InlineData("2026-11-24T08:00Z", 72, 0, 0, "Europe/Berlin", "2026-11-27T08:00Z")]
    [InlineData("2026-03-28T12:00Z", 24, 0, 0, "Europe/Berlin", "2026-03-29T12:00Z")] // Hours are exact although the clock is set forward.
    [InlineData("2026-10-24T12:00Z", 72, 0, 0, "Europe/Berlin", "2026-10-27T12:00Z")]
    [InlineData("2026-12-31T20:00Z", 72, 0, 0, "UTC", "2027-01-03T20:00Z")]
    [InlineData("2026-01-15T09:30Z", 0, 0, 1, "UTC", "2026-02-15T09:30Z")]
    [InlineData("2026-01-31T09:30Z", 0, 0, 1, "UTC", "2026-02-28T09:30Z")]
    [InlineData("2028-01-31T09:30Z", 0, 0, 1, "UTC", "2028-02-29T09:30Z")]
    [InlineData("2028-02-29T09:30Z", 0, 0, 1, "UTC", "2028-03-29T09:30Z")]
    [InlineData("2026-03-31T09:30Z", 0, 0, 1, "UTC", "2026-04-30T09:30Z")]
    [InlineData("2026-12-10T09:30Z", 0, 0, 1, "UTC", "2027-01-10T09:30Z")]
    [InlineData("2026-03-10T09:00Z", 0, 0, 1, "Europe/Berlin", "2026-04-10T08:00Z")] // 10:00 winter time to 10:00 summer time.
    [InlineData("2026-10-10T08:00Z", 0, 0, 1, "Europe/Berlin", "2026-11-10T09:00Z")]
    [InlineData("2026-01-30T23:30Z", 0, 0, 1, "Europe/Berlin", "2026-02-27T23:30Z")] // The 31st already in Berlin: 28 February 00:30 there.
    [InlineData("2026-02-28T01:30Z", 0, 0, 1, "Europe/Berlin", "2026-03-28T01:30Z")]
    [InlineData("2027-02-28T01:30Z", 0, 0, 1, "Europe/Berlin", "2027-03-28T00:30Z")] // 02:30 does not exist on that day: the earlier reading.
    [InlineData("2026-09-25T00:30Z", 0, 0, 1, "Europe/Berlin", "2026-10-25T00:30Z")] // 02:30 comes twice on that day: the first one.
    [InlineData("2026-11-24T08:00Z", 0, 60, 0, "America/New_York", "2027-01-23T08:00Z")]
    [InlineData("2026-09-15T12:00Z", 0, 60, 0, "America/New_York", "2026-11-14T13:00Z")] // 08:00 there on both days.
    [InlineData("2028-01-01T00:00Z", 0, 60, 0, "UTC", "2028-03-01T00:00Z")]
    [InlineData("2027-01-01T00:00Z", 0, 60, 0, "UTC", "2027-03-02T00:00Z")]
    public void A_span_of_time_ends(string from, int hours, int days, int months, string zone, string due) => Assert.Equal(
        At(due), ClockReader.Due(At(from), new ClockLimit { Hours = hours, Days = days, Months = months }, TimeZoneInfo.FindSystemTimeZoneById(zone)));

    [Theory]
    [InlineData("2026-11-24T09:00Z", ClockState.Running, "due in 23 hours")]
    [InlineData("2026-11-25T02:00Z", ClockState.DueSoon, "due in 6 hours")]
    [InlineData("2026-11-25T08:00Z", ClockState.DueSoon, "due in 0 seconds")]
    [InlineData("2026-11-25T08:00:01Z", ClockState.Overdue, "overdue by 1 second")]
    [InlineData("2026-11-27T11:30Z", ClockState.Overdue, "overdue by 2 days 3 hours")]
    public void An_early_warning_is_due_a_day_after_awareness(string now, ClockState state, string words)
    {
        var clock = Read("nis2-early-warning", Facts(), At(now));
        Assert.Equal((state, Aware, Aware.AddHours(24)), (clock.State, clock.Start, clock.Due));
        Assert.Equal(words, DurationWords.Countdown(clock, At(now)));
    }

    [Fact]
    public void Detection_and_assessment_start_no_clock_of_awareness()
    {
        var facts = Facts() with { AwareAt = null };
        foreach (var stage in (string[])["nis2-early-warning", "nis2-notification", "gdpr-notification"])
        {
            var clock = Read(stage, facts, Aware.AddDays(9));
            Assert.Equal((ClockState.Waiting, null), (clock.State, clock.Due));
            Assert.Equal("starts when a person is aware of the incident", DurationWords.Countdown(clock, Aware));
        }
    }

    [Fact]
    public void Discovery_starts_the_sixty_days_although_nobody_has_said_to_be_aware() => Assert.Equal(
        At("2027-01-23T07:00Z"), Read("hipaa-individuals", Facts() with { AwareAt = null }, Aware).Due);

    [Fact]
    public void The_final_report_is_due_a_month_after_the_notification_was_handed_in_not_after_awareness()
    {
        Assert.Equal(ClockState.Waiting, Read("nis2-final", Facts(), Aware.AddDays(40)).State);
        var facts = Facts(new Submission("nis2-notification", At("2026-11-26T15:00Z"), "Ada", "CSIRT-1"), new Submission("nis2-notification", At("2026-12-01T15:00Z"), "Ada", "corrected"));
        var clock = Read("nis2-final", facts, Aware.AddDays(3));
        Assert.Equal((ClockState.Running, At("2026-12-26T15:00Z")), (clock.State, clock.Due));
    }

    [Fact]
    public void A_progress_report_stands_for_the_final_one_while_it_goes_on_and_starts_the_month_after_handling()
    {
        var notified = new Submission("nis2-notification", At("2026-11-26T15:00Z"), "Ada", null);
        var progress = new Submission("nis2-progress", At("2026-12-20T15:00Z"), "Ada", null);
        var going = Facts(notified, progress) with { EndedAt = null };
        Assert.Equal(ClockState.Met, Read("nis2-final", going, At("2027-01-05T00:00Z")).State);
        Assert.Equal(ClockState.Waiting, Read("nis2-final-after-progress", going, At("2027-01-05T00:00Z")).State);

        var handled = going with { EndedAt = At("2027-01-31T10:00Z") };
        Assert.Equal(At("2027-02-28T10:00Z"), Read("nis2-final-after-progress", handled, At("2027-02-01T00:00Z")).Due);
        var done = handled with { Submissions = [notified, progress, new("nis2-final", At("2027-02-10T10:00Z"), "Ada", null)] };
        Assert.Equal(ClockState.Met, Read("nis2-final-after-progress", done, At("2027-03-01T00:00Z")).State);

        // It had ended before: a progress report is not what was due.
        var ended = Facts(notified, progress) with { EndedAt = At("2026-12-01T00:00Z") };
        Assert.Equal(ClockState.Overdue, Read("nis2-final", ended, At("2027-01-05T00:00Z")).State);
        Assert.DoesNotContain(ClockReader.Read(ended, Options(), Aware), clock => clock.Rule.Stage == "nis2-final-after-progress");
    }

    [Theory]
    [InlineData("2026-11-27T08:00Z", ClockState.Met, "handed in in time")]
    [InlineData("2026-11-27T09:30Z", ClockState.MetLate, "handed in 1 hour 30 minutes late")]
    public void A_report_that_was_handed_in_meets_its_clock(string at, ClockState state, string words)
    {
        var clock = Read("gdpr-notification", Facts(new Submission("gdpr-notification", At(at), "Ada", "REF-7")), Aware.AddDays(30));
        Assert.Equal((state, "Ada", "REF-7"), (clock.State, clock.Submission!.By, clock.Submission.Reference));
        Assert.Equal(words, DurationWords.Countdown(clock, Aware));
    }

    [Theory]
    [InlineData(Topics.Significant, "nis2")]
    [InlineData(Topics.Breach, "gdpr")]
    [InlineData(Topics.HipaaBreach, "hipaa")]
    [InlineData(Topics.CraSevere, "cra")]
    public void A_decision_about_one_law_stops_the_clocks_of_that_law_alone(string topic, string law)
    {
        var facts = Facts() with { Decisions = new Dictionary<string, bool> { [topic] = false } };
        Assert.All(ClockReader.Read(facts, Options(), Aware), clock =>
            Assert.Equal(clock.Rule.Profile.StartsWith(law, StringComparison.Ordinal), clock.State == ClockState.NotRequired));
        var needed = facts with { Decisions = new Dictionary<string, bool> { [topic] = true } };
        Assert.DoesNotContain(ClockReader.Read(needed, Options(), Aware), clock => clock.State == ClockState.NotRequired);
    }

    [Fact]
    public void A_fact_about_personal_data_is_none_about_protected_health_information()
    {
        var facts = Facts() with { Assessment = new Assessment { PersonalData = YesNo.No } };
        Assert.Equal(ClockState.NotRequired, Read("gdpr-notification", facts, Aware).State);
        Assert.Equal(ClockState.Running, Read("hipaa-individuals", facts, Aware).State);
        Assert.Equal(ClockState.Running, Read("gdpr-notification", facts with { Decisions = new Dictionary<string, bool> { [Topics.Breach] = true } }, Aware).State);

        facts = Facts() with { Assessment = new Assessment { ProtectedHealthInformation = YesNo.No } };
        Assert.Equal(ClockState.Running, Read("gdpr-notification", facts, Aware).State);
        Assert.All((string[])["hipaa-individuals", "hipaa-hhs", "hipaa-media", "hipaa-covered-entity"], stage =>
            Assert.Equal(ClockState.NotRequired, Read(stage, facts, Aware).State));
    }

    [Fact]
    public void A_report_under_one_law_meets_no_clock_of_another() => Assert.Equal(
        ["gdpr-notification"], ClockReader.Read(Facts(new Submission("gdpr-notification", Aware, "Ada", null)), Options(), Aware)
            .Where(clock => clock.State == ClockState.Met).Select(clock => clock.Rule.Stage));

    // Discovered on 24 November 2026 at 08:00 in Berlin.
    [Theory]
    [InlineData(null, "2027-01-23T07:00Z", ClockState.Running)]
    [InlineData(500L, "2027-01-23T07:00Z", ClockState.NotRequired)]
    [InlineData(501L, "2027-01-23T07:00Z", ClockState.Running)]
    [InlineData(499L, "2027-03-01T23:00Z", ClockState.NotRequired)] // Sixty days after the end of the year, counted in Berlin.
    public void HHS_must_know_within_sixty_days_or_of_few_individuals_after_the_year(long? individuals, string due, ClockState media)
    {
        var facts = Facts() with { Assessment = new Assessment { Individuals = individuals, Persons = 9999 } };
        Assert.Equal((ClockState.Running, At(due)), (Read("hipaa-hhs", facts, Aware).State, Read("hipaa-hhs", facts, Aware).Due!.Value));
        Assert.Equal(media, Read("hipaa-media", facts, Aware).State);
        Assert.Equal(At("2027-01-23T07:00Z"), Read("hipaa-covered-entity", facts, Aware).Due);
    }

    [Fact]
    public void A_business_associate_owes_its_notice_to_the_covered_entity_and_nothing_else() => Assert.Equal(
        ["hipaa-covered-entity"], ClockReader.Read(Facts(), new IncidentOptions { Profiles = [ClockRules.HipaaAssociate] }, Aware).Select(clock => clock.Rule.Stage));

    [Fact]
    public void Only_the_clocks_of_enabled_laws_run_and_their_lengths_can_be_configured()
    {
        Assert.Equal(
            ["nis2-early-warning", "nis2-notification", "nis2-final", "gdpr-notification"],
            ClockReader.Read(Facts(), new IncidentOptions(), Aware).Select(clock => clock.Rule.Stage));
        var options = new IncidentOptions { Profiles = ["gdpr"], Clocks = new() { ["gdpr-notification"] = new() { Hours = 96 } } };
        Assert.Equal(Aware.AddHours(96), Assert.Single(ClockReader.Read(Facts(), options, Aware)).Due);
    }

    [Fact]
    public void Every_mistake_of_the_section_is_found_at_once()
    {
        var options = new IncidentOptions { Zone = "Mars/Olympus", Profiles = ["nis3"], Clocks = new() { ["nis2-final"] = new() { Days = 1, Hours = 2 }, ["never"] = new() { Days = 1 } } };
        options.Significance.Profile = "bank";
        var failures = new IncidentOptionRules().Validate(null, options).Failures!.ToList();
        Assert.Equal(5, failures.Count);
        Assert.True(new IncidentOptionRules().Validate(null, new IncidentOptions()).Succeeded);
    }

    [Fact]
    public void Overlapping_spans_count_once_and_open_ones_up_to_now()
    {
        var now = Aware.AddHours(10);
        Assert.Equal(TimeSpan.FromHours(7), Intervals.Length(
            [new(Aware, Aware.AddHours(2)), new(Aware.AddHours(1), Aware.AddHours(3)), new(Aware.AddHours(1.5), Aware.AddHours(2)),
             new(Aware.AddHours(6), null), new(Aware.AddHours(8), Aware.AddHours(9)), new(Aware.AddHours(3), Aware.AddHours(3))], now));
        Assert.Equal(TimeSpan.Zero, Intervals.Length([], now));
    }

    private static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);

    private static IncidentOptions Options() => new() { Zone = "Europe/Berlin", Profiles = [.. ClockRules.Profiles] };

    private static ClockFacts Facts(params Submission[] submissions) =>
        new(Aware.AddHours(-1), Aware, Aware.AddHours(2), submissions, new Dictionary<string, bool>(), new Assessment());

    private static ClockReading Read(string stage, ClockFacts facts, DateTimeOffset now) =>
        ClockReader.Read(facts, Options(), now).Single(clock => clock.Rule.Stage == stage);
}
