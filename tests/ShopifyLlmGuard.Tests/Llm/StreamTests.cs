using ShopifyLlmGuard.Llm;
using ShopifyLlmGuard.Llm.Wire;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Tests.Llm;

public sealed class StreamTests
{
    private const string Long = "For a journey you want a small monitor that runs on batteries, and a cuff that fits your arm well, says our pharmacist.";
    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(10);
    private static readonly TimeOptions Limits = new()
    {
        FirstToken = TimeSpan.FromSeconds(2.5), TokenGap = TimeSpan.FromSeconds(2), DripAfter = TimeSpan.FromSeconds(1),
    };


    [Fact]
    public async Task A_sound_answer_begins_with_who_answers_and_ends_with_done()
    {
        var parts = await StreamAsync(HostScript.Says(Long));
        var began = Assert.IsType<AnswerPart.Began>(parts[0]);
        Assert.Equal(("eu-1", "eu-1", "EU", "m"), (began.Endpoint, began.Region, began.Jurisdiction, began.Model));
        Assert.Equal(Long, Words(parts));
        Assert.True(parts.Count > 4, "The words come while they are written.");
        var done = Assert.IsType<AnswerPart.Done>(parts[^1]);
        Assert.Equal((Long, "stop"), (done.Attempt.Text, done.Attempt.Finish));
    }

    public static TheoryData<string, HostScript, string> BeforeAnythingWasShown { get; } = new()
    {
        { "cut", HostScript.Says("Take", end: Ending.Cut, finish: null), Reasons.IncompleteAnswer },
        { "silent end", HostScript.Says("Take", end: Ending.Silent, finish: null), Reasons.IncompleteAnswer },
        { "no end marker", HostScript.Says("Take this.", end: Ending.Silent), Reasons.IncompleteAnswer },
        { "no finish", HostScript.Says("Take this.", finish: null), Reasons.IncompleteAnswer },
        { "empty", HostScript.Says(""), Reasons.EmptyAnswer },
        { "filtered", HostScript.Says("Take", finish: "content_filter"), Reasons.UnusableAnswer },
        { "hangs", HostScript.Hangs, Reasons.Timeout },
        { "slow", HostScript.Says("Late.", firstAfter: 9), Reasons.Timeout },
        { "refused", HostScript.Refuses(0), Reasons.EndpointUnreachable },
        { "unavailable", HostScript.Refuses(503), Reasons.EndpointError },
        { "busy", HostScript.Refuses(429), Reasons.EndpointBusy },
        { "refuses the words", HostScript.Refuses(400), Reasons.RequestRefused },
        { "a web page", Raw("<html><body>It works!</body></html>") with { ContentType = "text/html" }, Reasons.EndpointError },
        { "garbage", Raw("data: {\"choices\": oops"), Reasons.EndpointError },
        { "an error inside", Raw("data: {\"error\":{\"message\":\"CUDA out of memory\",\"code\":500}}"), Reasons.EndpointError },
        { "an error event", Raw("event: error"), Reasons.EndpointError },
        { "an error without end", new HostScript(500, TimeSpan.Zero, [.. Enumerable.Repeat((TimeSpan.Zero, new string('x', 10_000)), 10)], Ending.Hang), Reasons.EndpointError },
        { "accepted, not answered", HostScript.Says(Long) with { Status = 202 }, Reasons.EndpointError },
        { "an endless line", Raw("data: " + new string('x', 300_000)), Reasons.EndpointError },
    };

    [Theory]
    [MemberData(nameof(BeforeAnythingWasShown))]
    public async Task A_failure_before_the_commit_point_shows_nothing(string what, HostScript script, string reason)
    {
        var failed = Assert.IsType<AnswerPart.Failed>(Assert.Single(await StreamAsync(script)));
        Assert.True(failed.Reason == reason, $"{what}: {failed.Reason}");
        Assert.Null(failed.Attempt.Text);
    }

    public static TheoryData<string, HostScript, string> AfterTheBeginning { get; } = new()
    {
        { "cut", HostScript.Says(Long, end: Ending.Cut, finish: null), Reasons.IncompleteAnswer },
        { "silent end", HostScript.Says(Long, end: Ending.Silent, finish: null), Reasons.IncompleteAnswer },
        { "no end marker", HostScript.Says(Long, end: Ending.Silent), Reasons.IncompleteAnswer },
        { "stalls", HostScript.Says(Long, end: Ending.Hang, finish: null), Reasons.Timeout },
        { "drips", HostScript.Says(string.Join(' ', Enumerable.Repeat("a", 40)), pause: 0.45), Reasons.Timeout },
        { "too long", HostScript.Says(Long, finish: "length"), Reasons.IncompleteAnswer },
        { "filtered", HostScript.Says(Long, finish: "content_filter"), Reasons.UnusableAnswer },
        { "an error inside", AndThen("data: {\"error\":{\"code\":500}}"), Reasons.IncompleteAnswer },
        { "garbage", AndThen("data: {\"choices\": oops"), Reasons.IncompleteAnswer },
        { "endless", AndThen([.. Enumerable.Repeat(HostScript.Chunk(new string('x', 10_000), null), 300)]), Reasons.IncompleteAnswer },
    };

    [Theory]
    [MemberData(nameof(AfterTheBeginning))]
    public async Task A_failure_after_it_ends_incomplete_or_with_the_callers_own_words(string what, HostScript script, string reason)
    {
        var incomplete = Assert.IsType<AnswerPart.Incomplete>((await StreamAsync(script))[^1]);
        Assert.True(incomplete.Reason == reason, $"{what}: {incomplete.Reason}");
        var replaced = Assert.IsType<AnswerPart.Replaced>((await StreamAsync(script, instead: "Please call us."))[^1]);
        Assert.Equal(("Please call us.", reason), (replaced.Value, replaced.Reason));
    }

    [Fact]
    public async Task Words_that_are_too_few_to_commit_are_shown_when_they_grow_old()
    {
        using var hosts = new ScriptedHosts([ResidencyTests.Endpoint("eu-1", "EU")], _ => HostScript.Says("Take", end: Ending.Hang));
        await foreach (var part in hosts.Router.StreamAsync(ScriptedHosts.Call("EU"), new Deadline(hosts.Clock, Budget)))
        {
            if (part is AnswerPart.Text text)
            {
                Assert.Equal("Take", text.Value);
                return;
            }
        }

        Assert.Fail("The words were kept until the end.");
    }

    [Fact]
    public async Task A_reader_who_is_slower_than_the_model_gets_more_at_once()
    {
        var words = string.Join(' ', Enumerable.Range(0, 500));
        using var hosts = new ScriptedHosts([ResidencyTests.Endpoint("eu-1", "EU")], _ => HostScript.Says(words, firstAfter: 0, pause: 0));
        List<AnswerPart> parts = [];
        await foreach (var part in hosts.Router.StreamAsync(ScriptedHosts.Call("EU"), new Deadline(hosts.Clock, Budget)))
        {
            parts.Add(part);
            await Guard.UntilAsync(() => hosts.Lanes[0].Running == 0, "the model has said everything");
        }

        Assert.Equal(words, Words(parts));
        Assert.IsType<AnswerPart.Done>(parts[^1]);
        Assert.InRange(parts.Count, 3, 4);
    }

    [Fact]
    public void A_model_that_never_pauses_is_not_read_beyond_the_deadline()
    {
        var clock = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        var limits = AttemptLimits.Of(ResidencyTests.Endpoint("eu-1", "EU"), new LlmOptions(), Limits);
        var notes = new AttemptNotes(ResidencyTests.Endpoint("eu-1", "EU"), limits, new Deadline(clock, Budget), isProbe: false, usual: null);
        Assert.True(notes.Take(Words("Many words, ")));
        clock.Advance(Budget);
        Assert.False(notes.Take(Words("and more of them.")));
        Assert.Equal((Reasons.Timeout, Verdict.None), (notes.TooSlow().Reason, notes.TooSlow().Verdict));

        static AnswerChunk Words(string words) => new(words, Finish: null, IsRefusal: false, InputTokens: null, OutputTokens: null);
    }

    [Fact]
    public async Task A_failure_that_nobody_saw_is_made_good_elsewhere()
    {
        var asked = 0;
        using var hosts = new ScriptedHosts(
            [ResidencyTests.Endpoint("eu-1", "EU"), ResidencyTests.Endpoint("eu-2", "EU")],
            _ => Interlocked.Increment(ref asked) == 1 ? HostScript.Says("Take", end: Ending.Cut, finish: null) : HostScript.Says(Long));
        var parts = await hosts.StreamAsync(ScriptedHosts.Call("EU"), Budget);
        Assert.Equal(Long, Words(parts));
        Assert.IsType<AnswerPart.Done>(parts[^1]);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0.2, 1)]
    public async Task Taking_up_an_answer_that_broke_off_costs_a_retry(double share, int dispatched)
    {
        using var hosts = new ScriptedHosts(
            [ResidencyTests.Endpoint("eu-1", "EU"), ResidencyTests.Endpoint("eu-2", "EU")], _ => HostScript.Says(Long), llm => llm.RetryShare = share);
        await hosts.AskAsync(ScriptedHosts.Call("EU") with { BrokeOffAt = "eu-1" }, Budget);
        Assert.Equal(dispatched, hosts.Dispatched.Count);
    }

    [Theory]
    [InlineData("m", true)]
    [InlineData("another", false)]
    [InlineData(null, true)]
    public async Task Only_the_model_that_was_asked_for_answers(string? model, bool isAnswered)
    {
        using var hosts = new ScriptedHosts([ResidencyTests.Endpoint("eu-1", "EU")], _ => HostScript.Says(Long));
        var attempt = await hosts.AskAsync(ScriptedHosts.Call("EU") with { Model = model }, Budget);
        Assert.Equal(isAnswered ? null : Reasons.NoEligibleEndpoint, attempt.Reason);
        Assert.Equal(isAnswered ? 1 : 0, hosts.Dispatched.Count);
    }

    [Fact]
    public async Task A_refusal_is_final_wherever_else_one_could_ask()
    {
        using var hosts = new ScriptedHosts(
            [ResidencyTests.Endpoint("eu-1", "EU"), ResidencyTests.Endpoint("eu-2", "EU")], _ => HostScript.Says("No", finish: "content_filter"));
        var failed = Assert.IsType<AnswerPart.Failed>(Assert.Single(await hosts.StreamAsync(ScriptedHosts.Call("EU"), Budget)));
        Assert.Equal((Reasons.UnusableAnswer, "content_filter"), (failed.Reason, failed.Attempt.Finish));
        Assert.Single(hosts.Dispatched);
    }

    private static HostScript Raw(string line) => new(200, TimeSpan.Zero, [(TimeSpan.Zero, line)], Ending.Silent);

    private static HostScript AndThen(params string[] lines)
    {
        var begun = HostScript.Says(Long, finish: null, end: Ending.Silent);
        return begun with { Lines = [.. begun.Lines, .. lines.Select(line => (TimeSpan.Zero, line))] };
    }

    private static async Task<IReadOnlyList<AnswerPart>> StreamAsync(HostScript script, string? instead = null)
    {
        using var hosts = new ScriptedHosts([ResidencyTests.Endpoint("eu-1", "EU")], _ => script, llm => llm.RetryShare = 0, limits: Limits);
        return await hosts.StreamAsync(ScriptedHosts.Call("EU") with { Instead = instead }, Budget);
    }

    private static string Words(IEnumerable<AnswerPart> parts) => string.Concat(parts.OfType<AnswerPart.Text>().Select(text => text.Value));
}
