using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;
using ShopifyLlmGuard.Llm;
using ShopifyLlmGuard.Llm.Wire;

namespace ShopifyLlmGuard.Tests.Llm;

/// <summary>The wire format as hosts really write it, and as we write it ourselves.</summary>
public sealed class EventReaderTests
{
    private const string Usual = """
        data: {"choices":[{"index":0,"delta":{"role":"assistant","content":"Schön"},"finish_reason":null}],"usage":null}

        data: {"choices":[{"index":0,"delta":{"content":" \"gut\"\n"},"finish_reason":null}]}

        data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}

        data: {"choices":[],"usage":{"prompt_tokens":20,"completion_tokens":8,"total_tokens":28}}

        data: [DONE]


        """;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(100_000)]
    public async Task An_answer_is_the_same_however_the_network_cuts_it(int piece)
    {
        foreach (var text in (string[])[Usual, Usual.Replace("\n", "\r\n", StringComparison.Ordinal), Usual.Replace("data: ", "data:", StringComparison.Ordinal)])
        {
            var (chunks, sawEnd) = await ReadAsync(text, piece);
            Assert.True(sawEnd);
            Assert.Equal("Schön \"gut\"\n", Words(chunks));
            Assert.Equal([null, null, "stop", null], chunks.Select(chunk => chunk.Finish));
            Assert.Equal((20L, 8L), (chunks[^1].InputTokens, chunks[^1].OutputTokens));
        }
    }

    [Theory]
    [InlineData("data: {\"choices\":\ndata: [{\"delta\":{\"content\":\"two lines\"}}]}\n\n", "two lines")]
    [InlineData(": a comment\nid: 7\nretry: 10\nevent: message\ndata: {\"choices\":[{\"delta\":{\"content\":\"dressed\"}}]}\n\n\n\n", "dressed")]
    [InlineData("data: {\"choices\":[{\"delta\":{\"content\":[{\"type\":\"text\",\"text\":\"in \"},{\"type\":\"text\",\"text\":\"parts\"},{\"type\":\"image\"}]}}]}\n\n", "in parts")]
    [InlineData("data: {\"choices\":[{\"delta\":{\"content\":null,\"reasoning_content\":\"hm\"},\"finish_reason\":\"\"}]}\n\n", "")]
    [InlineData("data: {\"choices\":null}\n\ndata: {}\n\n", "")]
    [InlineData("data: {\"choices\":[{\"delta\":{\"content\":\"cut off\"}}]}\n", "")]
    public async Task Every_way_to_write_an_event_is_understood_and_a_half_one_is_none(string text, string words)
    {
        var (chunks, sawEnd) = await ReadAsync(text, 16);
        Assert.Equal((words, false), (Words(chunks), sawEnd));
    }

    [Theory]
    [InlineData("data: {\"choices\": oops\n\n")]
    [InlineData("data: null\n\n")]
    [InlineData("data: [1]\n\n")]
    [InlineData("data: {\"choices\":[{\"delta\":{\"content\":7}}]}\n\n")]
    [InlineData("data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"error\"}]}\n\n")]
    [InlineData("data: {\"error\":{\"code\":500}}\n")]
    public async Task What_is_no_chunk_of_an_answer_is_a_failure(string text)
    {
        var failure = await Record.ExceptionAsync(() => ReadAsync(text, 16));
        Assert.True(failure is JsonException or BrokenStreamException, $"{failure}");
    }

    [Fact]
    public async Task A_line_of_the_longest_length_is_read_and_nothing_after_the_end_is()
    {
        var words = new string('x', 200_000);
        var (chunks, sawEnd) = await ReadAsync($"{HostScript.Chunk(words, null)}\n\ndata: [DONE]\n\ndata: oops\n\n", 5000);
        Assert.True(sawEnd);
        Assert.Equal(words, Words(chunks));
    }

    [Fact]
    public async Task A_call_is_written_as_hosts_know_it_and_says_nothing_about_what_is_left_to_them()
    {
        var content = CallBody.Of("m", [new(ChatRole.System, "Be \"brief\"."), new(ChatRole.User, "Grüße <|end|>")], new Sampling(96)
        {
            Temperature = 0.7f, TopP = 0.9f, FrequencyPenalty = -1, PresencePenalty = 1.5f, Seed = 1L << 40, Stop = ["a", "b"],
        });
        Assert.Equal("application/json", content.Headers.ContentType?.MediaType);
        AssertJson(
            """
            {"model":"m","messages":[{"role":"system","content":"Be \"brief\"."},{"role":"user","content":"Grüße <|end|>"}],"stream":true,
            "stream_options":{"include_usage":true},"max_completion_tokens":96,"temperature":0.7,"top_p":0.9,"frequency_penalty":-1,
            "presence_penalty":1.5,"seed":1099511627776,"stop":["a","b"]}
            """,
            await content.ReadAsStringAsync());
        AssertJson(
            """{"model":"m","messages":[],"stream":true,"stream_options":{"include_usage":true}}""",
            await CallBody.Of("m", [], new Sampling(null) { Temperature = null }).ReadAsStringAsync());
    }

    // 200 tokens of five letters each are an answer; 200 kB are none, and 3 MB never are.
    [Theory]
    [InlineData(200, 200, true)]
    [InlineData(1_000, 1, false)]
    [InlineData(10_000, 200, false)]
    [InlineData(10_000, null, true)]
    [InlineData(30_000, null, false)]
    [InlineData(30_000, int.MaxValue, false)]
    public async Task An_answer_may_be_as_long_as_the_tokens_that_were_asked_for_explain(int events, int? mostTokens, bool isRead)
    {
        var text = string.Concat(Enumerable.Repeat("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"words\"},\"finish_reason\":null,\"logprobs\":null}]}\n\n", events)) + "data: [DONE]\n\n";
        var reading = ReadAsync(text, 4096, mostTokens);
        if (isRead)
        {
            Assert.Equal((events, true), ((await reading).Chunks.Count, (await reading).SawEnd));
        }
        else
        {
            await Assert.ThrowsAsync<BrokenStreamException>(() => reading);
        }
    }

    private static void AssertJson(string expected, string actual) =>
        Assert.True(JsonElement.DeepEquals(JsonElement.Parse(expected), JsonElement.Parse(actual)), actual);

    private static string Words(IEnumerable<AnswerChunk> chunks) => string.Concat(chunks.Select(chunk => chunk.Words));

    private static async Task<(List<AnswerChunk> Chunks, bool SawEnd)> ReadAsync(string text, int piece, int? mostTokens = null)
    {
        using var reader = new EventReader(new Pieces(Encoding.UTF8.GetBytes(text), piece), mostTokens);
        List<AnswerChunk> chunks = [];
        while (await reader.NextAsync(CancellationToken.None) is { } chunk)
        {
            chunks.Add(chunk);
        }

        return (chunks, reader.SawEnd);
    }

    private sealed class Pieces(byte[] bytes, int piece) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(piece, buffer.Length)], cancellationToken);
    }
}
