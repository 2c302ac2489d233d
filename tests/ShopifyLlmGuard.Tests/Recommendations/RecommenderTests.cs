using System.Diagnostics;
using ShopifyLlmGuard.Chat;
using ShopifyLlmGuard.Flags;
using ShopifyLlmGuard.Recommendations;
using ShopifyLlmGuard.Serving;
using ShopifyLlmGuard.Tests.Llm;

namespace ShopifyLlmGuard.Tests.Recommendations;

public sealed class RecommenderTests
{
    private const long Product = 8102;

    [Fact]
    public async Task A_live_answer_gives_each_product_the_models_reason_and_the_catalogues_facts()
    {
        await using var llm = await ScriptedLlm.StartAsync();
        await using var guard = await LlmGuard.StartAsync(llm);
        llm.Answers("[1] Fits the same bag.\n[2] For the arm.\n[3] Speaks up.\n[4] Keeps it safe.");
        var answer = await AskAsync(guard);
        Assert.Equal(("live", null), (answer.Source, answer.Reason));
        Assert.Equal(["Fits the same bag.", "For the arm.", "Speaks up.", "Keeps it safe."], answer.Items!.Select(item => item.Reason));
        Assert.All(answer.Items!, item =>
        {
            var product = DemoShop.Products.Single(known => known.Handle == item.Handle);
            Assert.Equal((product.Title, $"/products/{product.Handle}", "EUR"), (item.Title, item.Url, item.Currency));
        });
        Assert.NotNull(answer.Disclosure);
    }

    [Fact]
    public async Task Reasons_are_remembered_so_that_page_views_do_not_cost_answers()
    {
        await using var llm = await ScriptedLlm.StartAsync();
        await using var guard = await LlmGuard.StartAsync(llm);
        llm.Answers("[1] One.\n[2] Two.");
        for (var view = 0; view < 20; view++)
        {
            Assert.Equal("live", (await AskAsync(guard)).Source);
        }

        Assert.Single(llm.Requests);
    }

    [Theory]
    [InlineData("[1] Good.\n[9] Unknown.")]
    [InlineData("[1] Good.\nAnd something else.")]
    [InlineData("[1] Only one.")]
    [InlineData("[1] Costs €5.\n[2] Good.")]
    [InlineData("[1] See [2].\n[2] Good.")]
    [InlineData("Nothing of the kind")]
    public async Task An_answer_that_is_not_what_was_asked_for_is_replaced_by_precomputed_reasons(string text)
    {
        await using var llm = await ScriptedLlm.StartAsync();
        await using var guard = await LlmGuard.StartAsync(llm);
        llm.Answers(text);
        var answer = await AskAsync(guard);
        Assert.Equal(("precomputed", Reasons.UnusableAnswer), (answer.Source, answer.Reason));
        Assert.Equal(4, answer.Items!.Count);
        Assert.Null(answer.Disclosure);
    }

    [Fact]
    public async Task A_hung_model_costs_at_most_the_budget()
    {
        await using var llm = await ScriptedLlm.StartAsync();
        await using var guard = await LlmGuard.StartAsync(llm, ("Time:Recommendations", "00:00:00.9"));
        llm.Hangs();
        var watch = Stopwatch.StartNew();
        var answer = await AskAsync(guard);
        Assert.Equal(("precomputed", Reasons.Timeout), (answer.Source, answer.Reason));
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(1.4));
    }

    [Fact]
    public async Task A_crowd_on_one_page_is_answered_at_once_while_the_model_is_busy()
    {
        await using var llm = await ScriptedLlm.StartAsync();
        await using var guard = await LlmGuard.StartAsync(llm, ("Llm:Bulkhead:PerShop", "1"), ("Llm:Bulkhead:PerFeature", "1"));
        llm.Hangs();
        var answers = await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => AskAsync(guard)));
        Assert.All(answers, answer => Assert.Equal("precomputed", answer.Source));
        Assert.True(answers.Count(answer => answer.Reason == Reasons.BulkheadFull) >= 25);
        Assert.InRange(llm.Requests.Count, 1, 3);
    }

    [Fact]
    public async Task Off_shows_nothing_fallback_asks_nobody_and_an_unknown_product_is_no_error()
    {
        await using var llm = await ScriptedLlm.StartAsync();
        await using var guard = await LlmGuard.StartAsync(llm);
        var unknown = await guard.Get<Recommender>().RecommendAsync(Guard.Shop, 1, 4);
        Assert.Equal(("static", Reasons.NoCandidates), (unknown.Source, unknown.Reason));
        var pin = await guard.Get<PinBoard>().PinAsync(new PinRequest(null, null, Mode.Fallback, PinHolder.Human, "Ada", "x"));
        Assert.Equal(("precomputed", Reasons.Pinned), (await AskAsync(guard) is var pinned ? pinned.Source : "", pinned.Reason));
        await guard.Get<PinBoard>().ReleaseAsync(pin.Id, "Ada", "x");
        await guard.Get<FlagBoard>().SetAsync(Guard.Shop, Features.Recommendations, false, "Ada", "x");
        var off = await AskAsync(guard);
        Assert.Equal((Mode.Off, 0), (off.Mode, off.Items!.Count));
        Assert.Empty(llm.Requests);
    }

    [Fact]
    public async Task What_was_read_once_outlives_the_database()
    {
        using var cluster = new PostgresCluster();
        await using var guard = await Guard.StartAsync(cluster.NewDatabase() + ";Timeout=1");
        await guard.InstallAsync();
        var before = await AskAsync(guard);
        Assert.Equal("precomputed", before.Source);
        cluster.Kill();
        Assert.Equal(before.Items, (await AskAsync(guard)).Items);
        var never = await guard.Get<Recommender>().RecommendAsync(Guard.Shop, 8103, 4);
        Assert.Equal("static", never.Source);
        var chat = await guard.Get<ChatAssistant>().AnswerAsync(Guard.Shop, new ChatQuestion("where is my order", []));
        Assert.Contains("tracking link", chat.Reply!.Text, StringComparison.Ordinal);
    }

    private static Task<Answer> AskAsync(Guard guard) => guard.Get<Recommender>().RecommendAsync(Guard.Shop, Product, 4);
}
