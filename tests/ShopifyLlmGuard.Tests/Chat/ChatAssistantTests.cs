using System.Diagnostics;
using System.Globalization;
using ShopifyLlmGuard.Chat;
using ShopifyLlmGuard.Recommendations;
using ShopifyLlmGuard.Serving;
using ShopifyLlmGuard.Tests.Llm;

namespace ShopifyLlmGuard.Tests.Chat;

public sealed class ChatAssistantTests
{
    private const string Question = "Which blood pressure monitor is good for travel?";
    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(2.4);

    [Fact]
    public async Task A_live_answer_names_products_by_title_and_lists_them()
    {
        await using var llm = await ScriptedLlm.StartAsync();
        await using var guard = await StartAsync(llm);
        llm.Answers("For travel, take [1].");
        var answer = await AskAsync(guard, Question);
        Assert.Equal((Mode.Live, "live", null), (answer.Mode, answer.Source, answer.Reason));
        var product = Assert.Single(answer.Reply!.Products);
        Assert.Equal("voyager-wrist-monitor", product.Handle);
        Assert.Equal($"For travel, take {product.Title}.", answer.Reply.Text);
        Assert.Equal("local-1; eu-test", answer.ServedBy);
        Assert.NotNull(answer.Disclosure);
    }

    [Fact]
    public async Task The_host_hears_how_long_the_caller_still_waits()
    {
        await using var llm = await ScriptedLlm.StartAsync();
        await using var guard = await StartAsync(llm);
        await AskAsync(guard, Question);
        var waits = double.Parse(Assert.Single(llm.Deadlines), CultureInfo.InvariantCulture);
        Assert.InRange(waits, 1, Budget.TotalMilliseconds);
    }

    [Fact]
    public async Task The_host_hears_for_whom_it_works_by_a_name_that_says_nothing()
    {
        await using var llm = await ScriptedLlm.StartAsync();
        await using var guard = await StartAsync(llm);
        await AskAsync(guard, Question);
        await guard.Get<Recommender>().RecommendAsync(Guard.Shop, 8102, 3);
        var callers = llm.Callers.ToArray();
        Assert.Equal(["chat", "recommendations"], callers.Select(caller => caller.Priority));
        Assert.Matches("^[0-9a-f]{16}$", Assert.Single(callers.Select(caller => caller.Caller).Distinct()));
    }

    public static TheoryData<string, string> Failures { get; } = new()
    {
        { "hangs", Reasons.Timeout },
        { "hangs after headers", Reasons.Timeout },
        { "stalls", Reasons.Timeout },
        { "drips", Reasons.Timeout },
        { "dies", Reasons.IncompleteAnswer },
        { "ends without finishing", Reasons.IncompleteAnswer },
        { "is cut by length", Reasons.IncompleteAnswer },
        { "filters", Reasons.UnusableAnswer },
        { "says nothing", Reasons.EmptyAnswer },
        { "says blanks", Reasons.EmptyAnswer },
        { "is busy", Reasons.EndpointBusy },
        { "sheds", Reasons.EndpointBusy },
        { "fails", Reasons.EndpointError },
        { "is unavailable", Reasons.EndpointError },
        { "redirects", Reasons.EndpointError },
        { "speaks garbage", Reasons.EndpointError },
        { "names an unknown product", Reasons.UnusableAnswer },
        { "leaks a control token", Reasons.UnusableAnswer },
        { "invents a price", Reasons.UnusableAnswer },
        { "links elsewhere", Reasons.UnusableAnswer },
        { "is gone", Reasons.EndpointUnreachable },
    };

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task A_broken_model_costs_the_shopper_nothing_but_the_source(string what, string reason)
    {
        await using var llm = await ScriptedLlm.StartAsync();
        await using var guard = await StartAsync(llm);
        await BreakAsync(llm, what);
        var watch = Stopwatch.StartNew();
        var answer = await AskAsync(guard, Question);
        Assert.Equal(("static", reason), (answer.Source, answer.Reason));
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, Budget + TimeSpan.FromMilliseconds(400));
        Assert.NotEmpty(answer.Reply!.Text);
        Assert.Contains(answer.Reply.Products, product => product.Handle == "voyager-wrist-monitor");
        Assert.Equal(2, answer.Reply.Links.Count);
        Assert.DoesNotContain("poison", answer.Reply.Text, StringComparison.Ordinal);
        Assert.Null(answer.Disclosure);
    }

    [Fact]
    public async Task A_hung_host_is_told_to_stop_when_the_shopper_has_an_answer()
    {
        await using var llm = await ScriptedLlm.StartAsync();
        await using var guard = await StartAsync(llm);
        llm.Hangs();
        await AskAsync(guard, Question);
        await Guard.UntilAsync(() => llm.Open == 0, "the abandoned request ends");
    }

    [Fact]
    public async Task A_shopper_who_leaves_frees_the_model()
    {
        await using var llm = await ScriptedLlm.StartAsync();
        await using var guard = await StartAsync(llm);
        llm.Hangs();
        using var leave = new CancellationTokenSource();
        var asking = guard.Get<ChatAssistant>().AnswerAsync(Guard.Shop, new ChatQuestion(Question, []), leave.Token);
        await Guard.UntilAsync(() => llm.Open == 1, "the model is asked");
        await leave.CancelAsync();
        Assert.Equal(Reasons.Cancelled, (await asking).Reason);
        await Guard.UntilAsync(() => llm.Open == 0, "the model is free");
    }

    [Fact]
    public async Task One_quick_failure_is_tried_again()
    {
        await using var llm = await ScriptedLlm.StartAsync();
        await using var guard = await StartAsync(llm, ("Time:Chat", "00:00:04.2"), ("Time:FirstToken", "00:00:02.5"));
        llm.First(first => first.Refuses(503), then => then.Answers("Take [1]."));
        var answer = await AskAsync(guard, Question);
        Assert.Equal("live", answer.Source);
        Assert.Equal(2, llm.Requests.Count);
    }

    [Fact]
    public async Task A_second_failure_is_not_tried_a_third_time()
    {
        await using var llm = await ScriptedLlm.StartAsync();
        await using var guard = await StartAsync(llm, ("Time:Chat", "00:00:04.2"), ("Time:FirstToken", "00:00:02.5"));
        llm.Refuses(502);
        Assert.Equal(Reasons.EndpointError, (await AskAsync(guard, Question)).Reason);
        Assert.Equal(2, llm.Requests.Count);
    }

    [Fact]
    public async Task An_open_breaker_answers_at_once_and_asks_nobody()
    {
        await using var llm = await ScriptedLlm.StartAsync();
        await using var guard = await StartAsync(llm, ("Llm:Breaker:ConsecutiveFailures", "2"), ("Llm:RetryShare", "0"));
        llm.Refuses(500);
        await AskAsync(guard, Question);
        await AskAsync(guard, Question);
        var asked = llm.Requests.Count;
        Assert.Equal(Reasons.BreakerOpen, (await AskAsync(guard, Question)).Reason);
        Assert.Equal(asked, llm.Requests.Count);
    }

    [Fact]
    public async Task An_endpoint_of_another_jurisdiction_never_hears_a_shopper_not_even_in_a_failover()
    {
        await using var home = await ScriptedLlm.StartAsync();
        await using var abroad = await ScriptedLlm.StartAsync();
        await using var guard = await StartAsync(
            home, ("Llm:Endpoints:1:Id", "abroad"), ("Llm:Endpoints:1:Url", abroad.Url), ("Llm:Endpoints:1:Region", "us-east"),
            ("Llm:Endpoints:1:Jurisdiction", "US"), ("Llm:Endpoints:1:Model", "m"));
        home.Refuses(503);
        Assert.Equal(Reasons.EndpointError, (await AskAsync(guard, Question)).Reason);
        Assert.Empty(abroad.Requests);
    }

    [Fact]
    public async Task Another_endpoint_of_the_same_jurisdiction_takes_over()
    {
        await using var first = await ScriptedLlm.StartAsync();
        await using var second = await ScriptedLlm.StartAsync();
        await using var guard = await StartAsync(
            first, ("Llm:Endpoints:1:Id", "local-2"), ("Llm:Endpoints:1:Url", second.Url), ("Llm:Endpoints:1:Region", "eu-other"),
            ("Llm:Endpoints:1:Jurisdiction", "EU"), ("Llm:Endpoints:1:Model", "m"));
        first.Refuses(503);
        Assert.Equal("local-2; eu-other", (await AskAsync(guard, Question)).ServedBy);
    }

    [Fact]
    public async Task An_emergency_gets_a_number_to_call_before_any_model_is_asked()
    {
        await using var llm = await ScriptedLlm.StartAsync();
        await using var guard = await StartAsync(llm);
        var answer = await AskAsync(guard, "I think my husband is having a heart attack");
        Assert.Equal(("static", Reasons.Emergency), (answer.Source, answer.Reason));
        Assert.Contains(answer.Reply!.Links, link => link.Url == "tel:112");
        Assert.Empty(llm.Requests);
    }

    [Fact]
    public async Task What_the_merchant_has_answered_is_not_left_to_a_model()
    {
        await using var llm = await ScriptedLlm.StartAsync();
        await using var guard = await StartAsync(llm);
        var answer = await AskAsync(guard, "How long does the delivery take?");
        Assert.Equal(Reasons.Faq, answer.Reason);
        Assert.Contains("working day", answer.Reply!.Text, StringComparison.Ordinal);
        Assert.Empty(llm.Requests);
    }

    [Fact]
    public async Task A_model_does_not_learn_who_asks()
    {
        await using var llm = await ScriptedLlm.StartAsync();
        await using var guard = await StartAsync(llm);
        llm.Answers("I will write to {email-1} about [1].");
        var answer = await AskAsync(guard, "Please tell jane.doe@example.org which monitor is good for travel, call +49 170 1234567");
        var sent = Assert.Single(llm.Requests).GetRawText();
        Assert.DoesNotContain("jane.doe", sent, StringComparison.Ordinal);
        Assert.DoesNotContain("1234567", sent, StringComparison.Ordinal);
        Assert.Contains("jane.doe@example.org", answer.Reply!.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_words_of_shopper_or_model_reach_a_log_or_a_table()
    {
        await using var llm = await ScriptedLlm.StartAsync();
        await using var guard = await StartAsync(llm, ("Llm:Breaker:ConsecutiveFailures", "20"));
        foreach (var broken in (string[])["", "dies", "speaks garbage", "fails", "hangs", "names an unknown product"])
        {
            llm.Answers("The zanzibar-answer is [1].");
            await (broken.Length > 0 ? BreakAsync(llm, broken) : Task.CompletedTask);
            await AskAsync(guard, "Is the zanzibar-question monitor good for travel?");
        }

        await Guard.UntilAsync(() => { using var db = guard.Db(); return db.Attempts.Count() >= 11; }, "the attempts are stored");
        Assert.DoesNotContain(guard.Logs.All, line => line.Contains("zanzibar", StringComparison.Ordinal));
        Assert.False(await Tables.ContainAsync(guard, "zanzibar"));
        Assert.True(await Tables.ContainAsync(guard, "local-1"), "The search itself must be able to find something.");
    }

    [Fact]
    public async Task A_failed_attempt_and_its_fallback_are_two_records()
    {
        await using var llm = await ScriptedLlm.StartAsync();
        await using var guard = await StartAsync(llm);
        llm.Refuses(500);
        await AskAsync(guard, Question);
        await using var db = guard.Db();
        await Guard.UntilAsync(() => db.Attempts.Count() == 2, "both records are stored");
        var records = db.Attempts.OrderBy(record => record.Id).ToList();
        Assert.Equal(("live", "local-1", "EU", Reasons.EndpointError),
            (records[0].Source, records[0].Endpoint, records[0].Jurisdiction, records[0].Outcome));
        Assert.Equal(("static", null, Reasons.EndpointError), (records[1].Source, records[1].Endpoint, records[1].Outcome));
    }

    private static Task<Guard> StartAsync(ScriptedLlm llm, params (string Key, string? Value)[] settings) =>
        LlmGuard.StartAsync(llm, [("Time:Chat", "00:00:02.4"), ("Time:FirstToken", "00:00:01.2"), ("Time:TokenGap", "00:00:00.5"), .. settings]);

    private static Task<Answer> AskAsync(Guard guard, string question) =>
        guard.Get<ChatAssistant>().AnswerAsync(Guard.Shop, new ChatQuestion(question, []));

    private static async Task BreakAsync(ScriptedLlm llm, string what)
    {
        Action script = what switch
        {
            "hangs" => llm.Hangs,
            "hangs after headers" => llm.HangsAfterHeaders,
            "stalls" => () => llm.StallsAfter("poison"),
            "drips" => () => llm.Drips(TimeSpan.FromMilliseconds(120)),
            "dies" => () => llm.DiesAfter("poison"),
            "ends without finishing" => () => llm.EndsWithoutFinishing("poison [1]."),
            "is cut by length" => () => llm.FinishesWith("length", "poison [1]"),
            "filters" => () => llm.FinishesWith("content_filter", "poison"),
            "says nothing" => () => llm.Answers(""),
            "says blanks" => () => llm.Answers("   "),
            "is busy" => () => llm.Refuses(429, "3"),
            "sheds" => () => llm.Refuses(503, "7"),
            "fails" => () => llm.Refuses(500),
            "is unavailable" => () => llm.Refuses(503),
            "redirects" => () => llm.Redirects(llm.Url),
            "speaks garbage" => llm.SpeaksGarbage,
            "names an unknown product" => () => llm.Answers("poison [5]."),
            "leaks a control token" => () => llm.Answers("poison <|im_end|>"),
            "invents a price" => () => llm.Answers("[1] costs only €9.90, poison."),
            "links elsewhere" => () => llm.Answers("See https://poison.example and [1]."),
            "is gone" => () => { },
            _ => throw new ArgumentOutOfRangeException(nameof(what), what, null),
        };
        script();
        await (what == "is gone" ? llm.DisposeAsync().AsTask() : Task.CompletedTask);
    }
}
