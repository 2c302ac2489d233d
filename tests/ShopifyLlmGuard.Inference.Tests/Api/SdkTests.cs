using System.ClientModel;
using System.ClientModel.Primitives;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.AI;
using OpenAI;
using OpenAI.Chat;

namespace ShopifyLlmGuard.Inference.Tests.Api;

/// <summary>The official .NET client of OpenAI understands what the host says.</summary>
public sealed class SdkTests(SdkTests.KeyedHost keyed) : IClassFixture<SdkTests.KeyedHost>
{
    private static readonly UserChatMessage Hello = new UserChatMessage("hello");

    public enum Size
    {
        Small,
        Large,
    }

    [Fact]
    public async Task A_plain_answer()
    {
        var options = new ChatCompletionOptions { MaxOutputTokenCount = 7, Temperature = 0, FrequencyPenalty = 0.5f, PresencePenalty = -0.5f };
        ChatCompletion answer = await Chat().CompleteChatAsync([new SystemChatMessage("Be kind."), Hello], options);

        Assert.Equal("tiny", answer.Model);
        Assert.Equal(OpenAI.Chat.ChatFinishReason.Length, answer.FinishReason);
        Assert.NotEmpty(Assert.Single(answer.Content).Text);
        Assert.Equal(7, answer.Usage.OutputTokenCount);
        Assert.Equal(answer.Usage.TotalTokenCount, answer.Usage.InputTokenCount + 7);
    }

    [Fact]
    public async Task A_stream_with_its_usage()
    {
        var options = new ChatCompletionOptions { MaxOutputTokenCount = 20, Temperature = 0 };
        ChatCompletion plain = await Chat().CompleteChatAsync([Hello], options);
        var updates = new List<StreamingChatCompletionUpdate>();
        await foreach (var update in Chat().CompleteChatStreamingAsync([Hello], options))
        {
            updates.Add(update);
        }

        Assert.Equal(plain.Content[0].Text, string.Concat(updates.SelectMany(update => update.ContentUpdate).Select(part => part.Text)));
        Assert.Equal(OpenAI.Chat.ChatFinishReason.Length, Assert.Single(updates, update => update.FinishReason is not null).FinishReason);
        Assert.Equal(20, Assert.Single(updates, update => update.Usage is not null).Usage.OutputTokenCount);
        Assert.Same(updates[^1], Assert.Single(updates, update => update.Usage is not null));
    }

    [Fact]
    public async Task An_answer_of_a_schema()
    {
        var schema = BinaryData.FromString("""
            {"type":"object","properties":{"id":{"type":"string","enum":["p-1","p-22"]},"fits":{"type":"boolean"},"rank":{"type":["integer","null"]}},
             "required":["id","fits","rank"],"additionalProperties":false}
            """);
        var options = new ChatCompletionOptions
        {
            MaxOutputTokenCount = 200,
            ResponseFormat = OpenAI.Chat.ChatResponseFormat.CreateJsonSchemaFormat("pick", schema, jsonSchemaIsStrict: true),
        };
        ChatCompletion answer = await Chat().CompleteChatAsync([Hello], options);
        var pick = JsonSerializer.Deserialize<JsonElement>(answer.Content[0].Text);

        Assert.Equal(OpenAI.Chat.ChatFinishReason.Stop, answer.FinishReason);
        Assert.Matches("^p-(1|22)$", pick.GetProperty("id").GetString());
        Assert.True(pick.GetProperty("fits").ValueKind is JsonValueKind.True or JsonValueKind.False);
        Assert.Equal(3, pick.EnumerateObject().Count());
    }

    [Fact]
    public async Task An_answer_of_a_type()
    {
        var json = new JsonSerializerOptions(JsonSerializerOptions.Web) { Converters = { new JsonStringEnumConverter() } };
        var options = new ChatOptions
        {
            MaxOutputTokens = 400,
            ResponseFormat = Microsoft.Extensions.AI.ChatResponseFormat.ForJsonSchema<Pick>(json),
        };
        var answer = await Chat().AsIChatClient().GetResponseAsync("hello", options);
        var pick = JsonSerializer.Deserialize<Pick>(answer.Text, json)!;

        Assert.True(Enum.IsDefined(pick.Size));
        Assert.InRange(pick.Rank ?? 0, -999_999_999_999_999, 999_999_999_999_999);
    }

    [Fact]
    public async Task A_wrong_key()
    {
        var refused = await Assert.ThrowsAsync<ClientResultException>(() => Chat("sesam").CompleteChatAsync(Hello));

        Assert.Equal(401, refused.Status);
        Assert.Contains("invalid_api_key", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_field()
    {
        var options = new ChatCompletionOptions { MaxOutputTokenCount = 1_000_000 };
        var refused = await Assert.ThrowsAsync<ClientResultException>(() => Chat().CompleteChatAsync([Hello], options));

        Assert.Equal(400, refused.Status);
        Assert.Contains("context_length_exceeded", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_full_host()
    {
        using var leaving = new CancellationTokenSource();
        var options = new ChatCompletionOptions { MaxOutputTokenCount = 7000, Temperature = 0 };
        var asked = Enumerable.Range(0, 24).Select(_ => Chat().CompleteChatAsync([Hello], options, leaving.Token)).ToList();
        // The first that is refused is so at once, long before the first that is answered.
        var first = await Task.WhenAny(asked).WaitAsync(TimeSpan.FromSeconds(30));
        var refused = await Assert.ThrowsAsync<ClientResultException>(() => first);
        await leaving.CancelAsync();

        Assert.Equal(429, refused.Status);
        Assert.True(refused.GetRawResponse()!.Headers.TryGetValue("Retry-After", out _));
        await Task.WhenAll(asked).ContinueWith(_ => { }, TaskScheduler.Default).WaitAsync(TimeSpan.FromSeconds(30));
        await keyed.Host.UntilAsync(health => health?.GetProperty("running").GetInt32() == 0);
    }

    [Fact]
    public async Task A_caller_who_leaves()
    {
        using var leaving = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            var options = new ChatCompletionOptions { MaxOutputTokenCount = 7000, Temperature = 0 };
            await foreach (var _ in Chat().CompleteChatStreamingAsync([Hello], options, leaving.Token))
            {
                await leaving.CancelAsync();
            }
        });

        await keyed.Host.UntilAsync(health => health?.GetProperty("running").GetInt32() == 0);
    }

    [Fact]
    public async Task The_models_and_no_embeddings()
    {
        var models = Client("sesame").GetOpenAIModelClient();
        var missing = await Assert.ThrowsAsync<ClientResultException>(() => models.GetModelAsync("gpt-5"));
        var refused = await Assert.ThrowsAsync<ClientResultException>(
            () => Client("sesame").GetEmbeddingClient("tiny").GenerateEmbeddingAsync("hello"));

        Assert.Equal("tiny", Assert.Single((await models.GetModelsAsync()).Value).Id);
        Assert.Equal("tiny", (await models.GetModelAsync("tiny")).Value.Id);
        Assert.Equal(404, missing.Status);
        Assert.Equal(400, refused.Status);
        Assert.Contains("embeddings_not_supported", refused.Message, StringComparison.Ordinal);
    }

    private ChatClient Chat(string key = "sesame") => Client(key).GetChatClient("tiny");

    private OpenAIClient Client(string key) => new(new ApiKeyCredential(key), new OpenAIClientOptions
    {
        Endpoint = new Uri(keyed.Host.Http.BaseAddress!, "/v1"),
        RetryPolicy = new ClientRetryPolicy(0),
    });

    internal sealed record Pick(Size Size, bool Fits, long? Rank);

    /// <summary>A host that wants a key.</summary>
    public sealed class KeyedHost : IAsyncLifetime
    {
        internal HostProcess Host { get; private set; } = null!;

        public async Task InitializeAsync() => Host = await HostProcess.ReadyAsync(
            Models.Endless, "--Inference:ApiKey", "sesame", "--Inference:Context", "8192", "--Inference:QueueLength", "1", "--Inference:Threads", "1");

        public async Task DisposeAsync() => await Host.DisposeAsync();
    }
}
