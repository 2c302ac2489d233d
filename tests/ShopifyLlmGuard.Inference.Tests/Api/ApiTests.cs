using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace ShopifyLlmGuard.Inference.Tests.Api;

/// <summary>OpenAI's shapes, and OpenAI's errors for what cannot be answered.</summary>
public sealed class ApiTests(EndlessHost endless) : IClassFixture<EndlessHost>
{
    private const string User = "\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]";

    private HostProcess Host => endless.Host;

    [Fact]
    public async Task An_answer_has_openais_shape()
    {
        var answer = await Json("{" + User + ",\"max_tokens\":5,\"temperature\":0,\"model\":\"whatever\",\"no_such_field\":[1]}");

        Assert.StartsWith("chatcmpl-", answer.GetProperty("id").GetString(), StringComparison.Ordinal);
        Assert.Equal("chat.completion", answer.GetProperty("object").GetString());
        Assert.Equal("tiny", answer.GetProperty("model").GetString());
        Assert.True(answer.GetProperty("created").GetInt64() > 1_700_000_000);
        var choice = Assert.Single(answer.GetProperty("choices").EnumerateArray());
        Assert.Equal(0, choice.GetProperty("index").GetInt32());
        Assert.Equal("length", choice.GetProperty("finish_reason").GetString());
        Assert.Equal("assistant", choice.GetProperty("message").GetProperty("role").GetString());
        Assert.NotEmpty(choice.GetProperty("message").GetProperty("content").GetString()!);
        Assert.Equal(JsonValueKind.Null, choice.GetProperty("message").GetProperty("refusal").ValueKind);
        var usage = answer.GetProperty("usage");
        Assert.Equal(5, usage.GetProperty("completion_tokens").GetInt32());
        Assert.Equal(
            usage.GetProperty("total_tokens").GetInt32(),
            usage.GetProperty("prompt_tokens").GetInt32() + usage.GetProperty("completion_tokens").GetInt32());
    }

    [Fact]
    public async Task A_stream_says_the_same_as_the_plain_answer()
    {
        var plain = await Json("{" + User + ",\"max_tokens\":40,\"temperature\":0}");
        using var response = await Send(
            "{" + User + ",\"max_tokens\":40,\"temperature\":0,\"stream\":true,\"stream_options\":{\"include_usage\":true}}");
        var lines = (await response.Content.ReadAsStringAsync()).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);

        Assert.All(ChunksOf(lines)[..^1], chunk => Assert.Equal(JsonValueKind.Null, chunk.GetProperty("usage").ValueKind));
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        Assert.All(lines, line => Assert.StartsWith("data: ", line, StringComparison.Ordinal));
        Assert.Equal("data: [DONE]", lines[^1]);
        var chunks = ChunksOf(lines);
        Assert.All(chunks, chunk => Assert.Equal("chat.completion.chunk", chunk.GetProperty("object").GetString()));
        Assert.Single(chunks.Select(chunk => chunk.GetProperty("id").GetString()).Distinct());
        Assert.Empty(chunks[^1].GetProperty("choices").EnumerateArray());
        Assert.Equal(plain.GetProperty("usage").ToString(), chunks[^1].GetProperty("usage").ToString());
        var choices = chunks[..^1].Select(chunk => chunk.GetProperty("choices")[0]).ToArray();
        Assert.Equal("assistant", choices[0].GetProperty("delta").GetProperty("role").GetString());
        Assert.All(choices[..^1], choice => Assert.Equal(JsonValueKind.Null, choice.GetProperty("finish_reason").ValueKind));
        Assert.Equal("length", choices[^1].GetProperty("finish_reason").GetString());
        Assert.Equal(
            plain.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString(),
            string.Concat(choices.Select(choice => choice.GetProperty("delta").TryGetProperty("content", out var text) ? text.GetString() : "")));
    }

    [Fact]
    public async Task A_stop_text_ends_the_answer_before_it()
    {
        var whole = Content(await Json("{" + User + ",\"max_tokens\":40,\"temperature\":0}"));
        var stop = whole[10..13];
        var answer = await Json(JsonSerializer.Serialize(new
        {
            messages = new[] { new { role = "user", content = "hello" } },
            max_tokens = 40,
            temperature = 0,
            stop,
        }));

        Assert.Equal(whole[..whole.IndexOf(stop, StringComparison.Ordinal)], Content(answer));
        Assert.Equal("stop", answer.GetProperty("choices")[0].GetProperty("finish_reason").GetString());
    }

    [Fact]
    public async Task A_seed_repeats_a_drawn_answer()
    {
        async Task<string> Draw(int seed) =>
            Content(await Json("{" + User + ",\"max_tokens\":30,\"temperature\":1.8,\"top_p\":0.95,\"seed\":" + seed + "}"));

        // The first may compute its prompt in other batches than those that find it kept, which rounds otherwise.
        _ = await Draw(-5);
        Assert.Equal(await Draw(-5), await Draw(-5));
        Assert.NotEqual(await Draw(1), await Draw(2));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_wanted_structure_is_what_arrives(bool streams)
    {
        var body = "{" + User + ",\"max_tokens\":200,\"seed\":7,\"stream\":" + (streams ? "true" : "false")
            + ",\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"pick\",\"schema\":{\"type\":\"object\",\"properties\":"
            + "{\"id\":{\"enum\":[\"p-1\",\"p-22\"]},\"sure\":{\"type\":\"boolean\"}},\"required\":[\"id\",\"sure\"]}}}}";
        using var response = await Send(body);
        var said = await response.Content.ReadAsStringAsync();
        var text = streams
            ? string.Concat(ChunksOf(said.Split("\n\n", StringSplitOptions.RemoveEmptyEntries)).Select(chunk =>
                chunk.GetProperty("choices")[0].GetProperty("delta").TryGetProperty("content", out var piece) ? piece.GetString() : ""))
            : Content(JsonSerializer.Deserialize<JsonElement>(said));

        Assert.Matches("""^\{"id": ?"p-(1|22)", ?"sure": ?(true|false)\}$""", text);
        Assert.Contains("\"finish_reason\":\"stop\"", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_structure_that_is_cut_off_ended_by_its_length()
    {
        var answer = await Json("{" + User + ",\"max_tokens\":4,\"guided_choice\":[\"a long choice\"]}");

        Assert.Equal("a lo", Content(answer));
        Assert.Equal("length", answer.GetProperty("choices")[0].GetProperty("finish_reason").GetString());
    }

    [Fact]
    public async Task Models_lists_the_served_model()
    {
        var models = await Host.Http.GetFromJsonAsync<JsonElement>("/v1/models");

        var card = Assert.Single(models.GetProperty("data").EnumerateArray());
        Assert.Equal("tiny", card.GetProperty("id").GetString());
        Assert.Equal(JsonValueKind.Null, card.GetProperty("meta").GetProperty("quantisation").ValueKind);
        Assert.Matches("^sha256:[0-9a-f]{64}$", card.GetProperty("meta").GetProperty("template").GetString());
        Assert.Equal(card.ToString(), (await Host.Http.GetFromJsonAsync<JsonElement>("/v1/models/tiny")).ToString());
    }

    [Theory]
    [InlineData("GET", "/v1/models/gpt-5", HttpStatusCode.NotFound, "model_not_found")]
    [InlineData("GET", "/v1/models/openai/gpt%22x", HttpStatusCode.NotFound, "model_not_found")]
    [InlineData("GET", "/v1/nothing", HttpStatusCode.NotFound, "unknown_url")]
    [InlineData("POST", "/", HttpStatusCode.NotFound, "unknown_url")]
    [InlineData("GET", "/v1/chat/completions", HttpStatusCode.MethodNotAllowed, "method_not_allowed")]
    [InlineData("DELETE", "/v1/models", HttpStatusCode.MethodNotAllowed, "method_not_allowed")]
    [InlineData("POST", "/v1/embeddings", HttpStatusCode.BadRequest, "embeddings_not_supported")]
    [InlineData("POST", "/v1/chat/completions", HttpStatusCode.UnsupportedMediaType, "unsupported_content_type")]
    public async Task What_is_not_there_is_said_in_openais_shape(string method, string path, HttpStatusCode status, string code)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var response = await Host.Http.SendAsync(request);
        var error = (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("error");

        Assert.Equal(status, response.StatusCode);
        Assert.Equal(status == HttpStatusCode.MethodNotAllowed, response.Content.Headers.Allow.Count > 0);
        Assert.Equal(code, error.GetProperty("code").GetString());
        Assert.Equal("invalid_request_error", error.GetProperty("type").GetString());
        Assert.NotEmpty(error.GetProperty("message").GetString()!);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("application/json; charset=utf-16")]
    [InlineData("nonsense")]
    public async Task Only_json_is_read(string contentType)
    {
        var content = new StringContent("{" + User + "}");
        content.Headers.Remove("Content-Type");
        content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        using var response = await Host.AskAsync(content);

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
    }

    [Theory]
    [InlineData("[]", null)]
    [InlineData("7", null)]
    [InlineData("", null)]
    [InlineData("{\"messages\":", null)]
    [InlineData("{}", "messages")]
    [InlineData("{\"messages\":\"hello\"}", "messages")]
    [InlineData("{\"messages\":[]}", "messages")]
    [InlineData("{\"messages\":[null]}", "messages[0]")]
    [InlineData("{\"messages\":[{\"role\":\"user\"}]}", "messages[0].content")]
    [InlineData("{\"messages\":[{\"role\":\"user\",\"content\":5}]}", "messages[0].content")]
    [InlineData("{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\"}]}]}", "messages[0].content[0]")]
    [InlineData("{\"messages\":[{\"role\":\"tool\",\"content\":\"x\"}]}", "messages[0].role")]
    [InlineData("{\"messages\":[{\"role\":7,\"content\":\"x\"}]}", "messages[0].role")]
    [InlineData("{\"messages\":[{\"role\":\"user\",\"content\":\"\\ud83d\"}]}", "messages[0].content")]
    [InlineData("{\"messages\":[{\"role\":\"user\",\"content\":\"\\udc00x\"}]}", "messages[0].content")]
    [InlineData("{\"messages\":[{\"role\":\"user\",\"content\":\"a\",\"content\":\"b\"}]}", null)]
    [InlineData("{" + User + ",\"model\":5}", "model")]
    [InlineData("{" + User + ",\"max_tokens\":-1}", "max_tokens")]
    [InlineData("{" + User + ",\"max_tokens\":0}", "max_tokens")]
    [InlineData("{" + User + ",\"max_tokens\":1.5}", "max_tokens")]
    [InlineData("{" + User + ",\"max_tokens\":\"9\"}", "max_tokens")]
    [InlineData("{" + User + ",\"max_tokens\":99999999999999999999}", "max_tokens")]
    [InlineData("{" + User + ",\"max_tokens\":2147483647}", "messages")]
    [InlineData("{" + User + ",\"max_completion_tokens\":-4}", "max_completion_tokens")]
    [InlineData("{" + User + ",\"temperature\":-0.1}", "temperature")]
    [InlineData("{" + User + ",\"temperature\":2.1}", "temperature")]
    [InlineData("{" + User + ",\"temperature\":1e999}", "temperature")]
    [InlineData("{" + User + ",\"temperature\":\"hot\"}", "temperature")]
    [InlineData("{" + User + ",\"top_p\":1.1}", "top_p")]
    [InlineData("{" + User + ",\"seed\":1.5}", "seed")]
    [InlineData("{" + User + ",\"stop\":5}", "stop")]
    [InlineData("{" + User + ",\"stop\":[\"a\",\"b\",\"c\",\"d\",\"e\"]}", "stop")]
    [InlineData("{" + User + ",\"stop\":\"\"}", "stop")]
    [InlineData("{" + User + ",\"stream\":\"yes\"}", "stream")]
    [InlineData("{" + User + ",\"stream\":true,\"stream_options\":true}", "stream_options")]
    [InlineData("{" + User + ",\"n\":2}", "n")]
    [InlineData("{" + User + ",\"logprobs\":true}", "logprobs")]
    [InlineData("{" + User + ",\"frequency_penalty\":2.5}", "frequency_penalty")]
    [InlineData("{" + User + ",\"presence_penalty\":\"much\"}", "presence_penalty")]
    [InlineData("{" + User + ",\"repetition_penalty\":0}", "repetition_penalty")]
    [InlineData("{" + User + ",\"min_p\":-0.5}", "min_p")]
    [InlineData("{" + User + ",\"top_k\":1.5}", "top_k")]
    [InlineData("{" + User + ",\"top_k\":-2}", "top_k")]
    [InlineData("{" + User + ",\"logit_bias\":{\"5\":1}}", "logit_bias")]
    [InlineData("{" + User + ",\"response_format\":{\"type\":\"xml\"}}", "response_format.type")]
    [InlineData("{" + User + ",\"tools\":[{\"type\":\"function\"}]}", "tools")]
    public async Task A_wrong_request_is_told_what_is_wrong(string body, string? param)
    {
        using var response = await Send(body);
        var error = (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("error");

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal(param, error.GetProperty("param").GetString());
        Assert.Equal("invalid_request_error", error.GetProperty("type").GetString());
        Assert.NotEmpty(error.GetProperty("message").GetString()!);
    }

    [Fact]
    public async Task Broken_utf8_is_refused()
    {
        byte[] body = [.. "{\"messages\":[{\"role\":\"user\",\"content\":\""u8, 0xC3, 0x28, .. "\"}]}"u8];
        using var response = await Host.AskAsync(new ByteArrayContent(body) { Headers = { ContentType = new("application/json") } });

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Theory]
    [InlineData("{" + User + ",\"n\":1,\"logprobs\":false,\"frequency_penalty\":0,\"tools\":[],\"stop\":null,\"max_tokens\":2,\"temperature\":0}")]
    [InlineData("{\"max_tokens\":2,\"temperature\":0,\"messages\":[{\"role\":\"developer\",\"content\":\"be kind\"},{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"text\",\"text\":\"b\"}]}]}")]
    [InlineData("{\"max_tokens\":2,\"temperature\":0,\"messages\":[{\"role\":\"user\",\"content\":\"\"}]}")]
    [InlineData("{\"max_tokens\":2,\"temperature\":0,\"messages\":[{\"role\":\"user\",\"content\":\"a\\u0000b\"}]}")]
    [InlineData("{\"max_tokens\":2,\"temperature\":0,\"messages\":[{\"role\":\"user\",\"content\":\"\\ud83e\\ude7a\"}]}")]
    public async Task An_unusual_request_is_answered(string body)
    {
        using var response = await Send(body);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData(1_000_000, HttpStatusCode.RequestEntityTooLarge, "request_too_large")]
    [InlineData(60_000, HttpStatusCode.BadRequest, "context_length_exceeded")]
    public async Task A_message_that_is_too_long_is_refused(int length, HttpStatusCode status, string code)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions")
        {
            Content = Body($"{{\"messages\":[{{\"role\":\"user\",\"content\":\"{new string('x', length)}\"}}]}}"),
        };

        // The host refuses by the length alone and hangs up; who is still sending then may not see the answer.
        request.Headers.ExpectContinue = true;
        using var response = await Host.Http.SendAsync(request);

        Assert.Equal(status, response.StatusCode);
        Assert.Equal(code, (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("error").GetProperty("code").GetString());
    }

    [Theory]
    [InlineData("soon")]
    [InlineData("1.5")]
    [InlineData("")]
    public async Task A_deadline_must_be_a_number(string deadline)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = Body("{" + User + "}") };
        request.Headers.TryAddWithoutValidation("X-Deadline-Ms", deadline);
        using var response = await Host.Http.SendAsync(request);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Fact]
    public async Task Metrics_carry_every_promised_number()
    {
        _ = await Json("{" + User + ",\"max_tokens\":5}");
        var metrics = await Host.Http.GetStringAsync("/metrics");

        string[] promised =
        [
            "llm_queued", "llm_running", "llm_tokens_total", "llm_answers_total", "llm_time_in_queue_seconds_bucket",
            "llm_time_to_first_token_seconds_bucket", "llm_time_per_token_seconds_bucket", "llm_last_token_age_seconds",
        ];
        Assert.All(promised, name => Assert.Contains($"\n{name}{{", metrics, StringComparison.Ordinal));
    }

    private static JsonElement[] ChunksOf(string[] lines) =>
        [.. lines[..^1].Select(line => JsonSerializer.Deserialize<JsonElement>(line[6..]))];

    private static string Content(JsonElement answer) =>
        answer.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()!;

    private static StringContent Body(string json) => new(json, Encoding.UTF8, "application/json");

    private Task<HttpResponseMessage> Send(string json) => Host.AskAsync(Body(json));

    private async Task<JsonElement> Json(string body)
    {
        using var response = await Send(body);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await response.Content.ReadFromJsonAsync<JsonElement>();
    }
}
