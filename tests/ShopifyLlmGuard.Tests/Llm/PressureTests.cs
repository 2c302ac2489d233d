using ShopifyLlmGuard.Chat;
using ShopifyLlmGuard.Llm;

namespace ShopifyLlmGuard.Tests.Llm;

/// <summary>Under pressure prompts and answers get shorter before anybody is refused.</summary>
public sealed class PressureTests : IAsyncLifetime
{
    private const int Places = 10;
    private ScriptedLlm llm = null!;
    private Guard guard = null!;

    public async Task InitializeAsync()
    {
        llm = await ScriptedLlm.StartAsync();
        guard = await LlmGuard.StartAsync(
            llm, ("Llm:Bulkhead:PerFeature", $"{Places}"), ("Llm:Bulkhead:PerShop", $"{Places}"), ("Llm:Bulkhead:Newcomers", "0"),
            ("Time:Promise", "00:00:30"), ("Time:Chat", "00:00:25"), ("Time:FirstToken", "00:00:20"));
    }

    public async Task DisposeAsync()
    {
        await guard.DisposeAsync();
        await llm.DisposeAsync();
    }

    [Fact]
    public async Task The_last_place_gets_a_shorter_answer_and_fewer_products_but_it_is_answered()
    {
        var (tokens, products) = await AskAsync();
        Assert.Equal((200, ChatAssistant.ProductsInPrompt), (tokens, products));

        llm.Hangs();
        using var leave = new CancellationTokenSource();
        var running = Enumerable.Range(0, Places - 1).Select(_ => guard.Get<LlmRouter>().AskAsync(Call(), Soon(), leave.Token)).ToList();
        await Guard.UntilAsync(() => llm.Open == Places - 1, "all places but one are taken");
        llm.Answers("You could take a look at [1].");
        var (fewerTokens, fewerProducts) = await AskAsync();
        Assert.Equal((140, 3), (fewerTokens, fewerProducts));
        await leave.CancelAsync();
        await Task.WhenAll(running);
    }

    // What the host was asked for by the router, and by the assistant.
    private async Task<(int Tokens, int Products)> AskAsync()
    {
        Assert.Null((await guard.Get<LlmRouter>().AskAsync(Call(), Soon())).Reason);
        var tokens = llm.Requests.Last().GetProperty("max_completion_tokens").GetInt32();
        var answer = await guard.Get<ChatAssistant>().AnswerAsync(Guard.Shop, new ChatQuestion("Which monitor, cuff, thermometer, plaster or bandage do you sell?", []));
        Assert.Equal(Sources.Live, answer.Source);
        var prompt = llm.Requests.Last().GetProperty("messages")[0].GetProperty("content").GetString()!;
        return (tokens, Enumerable.Range(1, 9).Count(marker => prompt.Contains($"\n[{marker}] ", StringComparison.Ordinal)));
    }

    private static ModelCall Call() => new(
        new Caller(Guard.Shop, ["EU"]), "chat", [new(Microsoft.Extensions.AI.ChatRole.User, "Hello?")], new Sampling(200));

    private static Deadline Soon() => new(TimeProvider.System, TimeSpan.FromSeconds(20));
}
