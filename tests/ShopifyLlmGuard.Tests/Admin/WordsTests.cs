using ShopifyLlmGuard.Admin.Words;
using ShopifyLlmGuard.Flags;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Tests.Admin;

public class WordsTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    public static TheoryData<string> EveryReason => [.. Reasons.All];

    [Theory]
    [MemberData(nameof(EveryReason))]
    public void Every_reason_has_its_sentences(string reason)
    {
        Assert.True(ReasonWords.Knows(reason), $"Nobody has written down what '{reason}' means to a merchant.");
        Assert.EndsWith(".", ReasonWords.Why(reason));
        Assert.EndsWith(".", ReasonWords.Todo(reason));
    }

    [Fact]
    public void A_reason_of_a_newer_server_is_shown_as_it_is() => Assert.Contains("from-the-future", ReasonWords.Why("from-the-future"));

    [Fact]
    public void Every_mode_of_every_feature_says_what_shoppers_see()
    {
        var all = (from feature in Features.All from mode in Enum.GetValues<Mode>() select ModeWords.Shoppers(feature.Key, mode)).ToList();
        Assert.Equal(all.Count, all.Distinct().Count());
    }

    [Theory]
    [InlineData(0, "just now")]
    [InlineData(-59, "just now")]
    [InlineData(-60, "1 minute ago")]
    [InlineData(-3599, "59 minutes ago")]
    [InlineData(-7200, "2 hours ago")]
    [InlineData(-90000, "1 day ago")]
    [InlineData(1800, "in 30 minutes")]
    public void A_distance_in_time_is_told_in_its_largest_unit(int seconds, string words) =>
        Assert.Equal(words, TimeWords.Relative(Now.AddSeconds(seconds), Now));

    [Fact]
    public void A_moment_is_written_in_universal_time() =>
        Assert.Equal(("23 Nov 2026, 08:41 UTC", "2026-11-23T08:41:00Z"), (
            TimeWords.Absolute(new DateTimeOffset(2026, 11, 23, 9, 41, 0, TimeSpan.FromHours(1))),
            TimeWords.Machine(new DateTimeOffset(2026, 11, 23, 9, 41, 0, TimeSpan.FromHours(1)))));

    [Theory]
    [InlineData("Europe/Berlin", "2026-11-23T12:00:00Z", 19)]
    [InlineData("Europe/Berlin", "2026-11-23T23:30:00Z", 31.5)] // already tomorrow in Berlin
    [InlineData("Europe/Berlin", "2026-03-28T12:00:00Z", 18)] // the clocks go forward that night
    [InlineData("America/New_York", "2026-11-23T12:00:00Z", 25)]
    [InlineData("not/a-zone", "2026-11-23T12:00:00Z", 20)]
    [InlineData(null, "2026-11-23T12:00:00Z", 20)]
    public void Until_tomorrow_means_eight_in_the_morning_where_the_browser_is(string? zone, string now, double hours)
    {
        Assert.True(HoldWords.TryRead(HoldWords.Tomorrow, zone, DateTimeOffset.Parse(now, null), out var length));
        Assert.Equal(TimeSpan.FromHours(hours), length);
    }

    [Fact]
    public void A_hold_without_an_end_has_no_length()
    {
        Assert.True(HoldWords.TryRead(HoldWords.Released, null, Now, out var length));
        Assert.Null(length);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("forever")]
    public void A_hold_that_the_form_never_offered_is_refused(string? key) => Assert.False(HoldWords.TryRead(key, null, Now, out _));

    [Theory]
    [InlineData("42", "you")]
    [InlineData("7", "staff member 7")]
    [InlineData("operator", "operator")]
    public void People_are_named_as_well_as_we_know_them(string actor, string words) => Assert.Equal(words, ActorWords.Of(actor, "42"));

    [Theory]
    [InlineData("chat-switched-you-won")]
    [InlineData("nothing-switched")]
    [InlineData("chat-hacked")]
    [InlineData("")]
    [InlineData(null)]
    public void An_address_cannot_put_words_into_the_page(string? done) =>
        Assert.Null(DoneWords.Of(done, [new ServingState(Features.All[0], true, Mode.Live, null, null, null, null)]));

    [Fact]
    public void The_banner_is_silent_when_all_is_live() =>
        Assert.Null(AttentionWords.Of([new ServingState(Features.All[0], true, Mode.Live, null, null, null, null)], databaseAnswers: true));

    [Fact]
    public void The_banner_warns_of_trouble_and_only_informs_of_a_wish()
    {
        var wish = new ServingState(Features.All[0], false, Mode.Off, Reasons.FlagOff, null, Now, null);
        var trouble = new ServingState(Features.All[1], true, Mode.Fallback, Reasons.Degraded, null, Now, null);
        Assert.Equal("info", AttentionWords.Of([wish], true)!.Tone);
        Assert.Equal("warning", AttentionWords.Of([wish, trouble], true)!.Tone);
        Assert.Equal(2, AttentionWords.Of([wish, trouble], true)!.Lines.Count);
        Assert.Equal("warning", AttentionWords.Of([wish], false)!.Tone);
    }
}
