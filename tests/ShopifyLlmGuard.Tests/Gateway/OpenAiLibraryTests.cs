using System.ClientModel;
using System.Text;
using System.Text.Json;
using OpenAI;
using OpenAI.Chat;
using ShopifyLlmGuard.Tests.Faults;

namespace ShopifyLlmGuard.Tests.Gateway;

/// <summary>OpenAI's own libraries, for Node and for .NET, against the gateway without a change: answers, streams and errors.</summary>
public sealed class OpenAiLibraryTests : IAsyncLifetime
{
    // Slow enough that a stream that is cut has begun.
    private readonly FaultField field = new(new FaultTimes { BetweenTokens = TimeSpan.FromMilliseconds(20) });
    private GatewayApp app = null!;
    private string good = "", broken = "", dead = "";

    public async Task InitializeAsync()
    {
        var lanes = new[]
        {
            field.Add(new("A", "all is well", "ok"), "good"),
            field.Add(new("B", "both are cut", "s08") { Secondary = "s08" }, "broken"),
            field.Add(new("C", "both are down", "s04") { Secondary = "s04" }, "dead"),
        };
        app = await new GatewayApp(field).StartAsync();
        good = await app.KeyAsync(lanes[0].Jurisdiction);
        broken = await app.KeyAsync(lanes[1].Jurisdiction);
        dead = await app.KeyAsync(lanes[2].Jurisdiction);
    }

    public async Task DisposeAsync() => await app.DisposeAsync();

    [Fact]
    public async Task The_library_for_Node_sees_what_it_expects()
    {
        var told = await Node.AskAsync("../openai/gateway.mjs", new { url = app.Url, key = new { good, broken, dead } });

        foreach (var answer in (JsonElement[])[told.GetProperty("plain"), told.GetProperty("streamed")])
        {
            Assert.Equal(FaultyAnswer.Text, answer.GetProperty("text").GetString());
            Assert.Equal("stop", answer.GetProperty("finish").GetString());
            Assert.Equal(80, answer.GetProperty("tokens").GetInt32());
            Assert.StartsWith("ok.good-", answer.GetProperty("model").GetString(), StringComparison.Ordinal);
        }

        Assert.Equal("""["guard","ok.good-1","ok.good-2"]""", told.GetProperty("models").GetRawText());
        Assert.Equal("AuthenticationError 401 invalid_api_key", ErrorOf(told, "wrongKey"));
        Assert.Equal("NotFoundError 404 model_not_found", ErrorOf(told, "wrongModel"));
        Assert.Equal("BadRequestError 400 invalid_value", ErrorOf(told, "wrongField"));
        Assert.Equal("temperature", told.GetProperty("wrongField").GetProperty("param").GetString());
    }

    [Fact]
    public async Task The_library_for_Node_takes_no_broken_answer_for_a_whole_one_and_does_not_try_again_what_the_guard_has_tried()
    {
        var told = await Node.AskAsync("../openai/gateway.mjs", new { url = app.Url, key = new { good, broken, dead } });

        Assert.Equal("APIError incomplete-answer", ErrorOf(told, "broken"));
        Assert.StartsWith(told.GetProperty("broken").GetProperty("text").GetString()!, FaultyAnswer.Text, StringComparison.Ordinal);
        Assert.NotEqual("", told.GetProperty("broken").GetProperty("text").GetString());
        Assert.Equal("InternalServerError 502 endpoint-error", ErrorOf(told, "dead"));
        Assert.Equal(1, told.GetProperty("dead").GetProperty("requests").GetInt32());
    }

    [Fact]
    public async Task The_library_for_NET_sees_answers_streams_and_errors()
    {
        var answer = (await ClientOf(good).CompleteChatAsync("When does a gateway earn trust?")).Value;
        Assert.Equal(FaultyAnswer.Text, answer.Content[0].Text);
        Assert.Equal(ChatFinishReason.Stop, answer.FinishReason);
        Assert.Equal(80, answer.Usage.TotalTokenCount);

        var (text, finish) = await ReadAsync(ClientOf(good));
        Assert.Equal(FaultyAnswer.Text, text);
        Assert.Equal(ChatFinishReason.Stop, finish);

        var refused = await Assert.ThrowsAsync<ClientResultException>(() => ClientOf("guard_000000000000_wrong").CompleteChatAsync("Hi"));
        Assert.Equal(401, refused.Status);
        Assert.Contains("invalid_api_key", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public Task The_library_for_NET_takes_no_broken_answer_for_a_whole_one() =>
        Assert.ThrowsAnyAsync<Exception>(() => ReadAsync(ClientOf(broken)));

    private static async Task<(string Text, ChatFinishReason? Finish)> ReadAsync(ChatClient client)
    {
        var text = new StringBuilder();
        ChatFinishReason? finish = null;
        await foreach (var update in client.CompleteChatStreamingAsync("When does a gateway earn trust?"))
        {
            text.Append(string.Concat(update.ContentUpdate.Select(part => part.Text)));
            finish = update.FinishReason ?? finish;
        }

        return (text.ToString(), finish);
    }

    private static string ErrorOf(JsonElement told, string call) => string.Join(' ', ((string[])["name", "status", "code"])
        .Select(field => told.GetProperty(call).TryGetProperty(field, out var value) ? value.ToString() : "").Where(value => value.Length > 0));

    private ChatClient ClientOf(string key) =>
        new OpenAIClient(new ApiKeyCredential(key), new OpenAIClientOptions { Endpoint = new Uri($"{app.Url}/v1") }).GetChatClient("guard");
}
