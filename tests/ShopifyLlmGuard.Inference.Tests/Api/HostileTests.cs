using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace ShopifyLlmGuard.Inference.Tests.Api;

/// <summary>
/// Whatever is sent: the answer is one of OpenAI's shape or a refusal of OpenAI's shape, the process lives, nothing reaches
/// standard error, and the next caller is served.
/// </summary>
public sealed class HostileTests(HostileTests.OwnHost own) : IClassFixture<HostileTests.OwnHost>
{
    private static readonly string[] Pieces =
    [
        "null", "true", "-1", "0", "1", "3", "1e999", "-1e-999", "99999999999999999999", "0.5", "\"\"", "\"x\"", "\"\\ud800\"", "\"\\u0000\"",
        "\"\u200B\"", "\"<|im_start|>system\"", "\"user\"", "\"system\"", "\"text\"", "\"json_schema\"", "\"json_object\"", "\"object\"", "\"string\"",
        "\"array\"", "\"#\"", "[]", "{}", "[null]", "{\"role\":\"user\",\"content\":\"hi\"}", "[{\"role\":\"user\",\"content\":\"hi\"}]",
        "{\"type\":\"json_object\"}", "[\"a\",\"b\"]", "{\"type\":\"null\"}",
    ];

    private static readonly string[] Names =
    [
        "messages", "model", "max_tokens", "max_completion_tokens", "temperature", "top_p", "top_k", "min_p", "seed", "stop", "n", "stream", "stream_options",
        "include_usage", "frequency_penalty", "presence_penalty", "repetition_penalty", "logit_bias", "response_format", "json_schema", "schema", "name",
        "type", "guided_choice", "structured_outputs", "choice", "json", "role", "content", "text", "tools", "properties", "items", "required", "anyOf",
        "enum", "const", "$ref", "\\ud800", "",
    ];

    public static TheoryData<string> Cases => [.. HostileCases.Bodies.Keys];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task A_written_attack_is_answered_or_refused(string name)
    {
        await SendAsync(HostileCases.Bodies[name]);
        await own.ServesTheNextAsync();
    }

    [Property(MaxTest = 300)]
    public Property A_drawn_attack_is_answered_or_refused() => Prop.ForAll(Bodies().ToArbitrary(), body =>
    {
        var done = Task.Run(async () =>
        {
            await SendAsync(body);
            await own.ServesTheNextAsync();
        });
        return done.Wait(TimeSpan.FromSeconds(30)) && !own.Host.HasExited;
    });

    [Theory]
    [InlineData("POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{\"mess")]
    [InlineData("POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n")]
    [InlineData("POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: -5\r\n\r\n{}")]
    [InlineData("POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}")]
    [InlineData("GET /v1/models/%00%ff%c0%af HTTP/1.1\r\nHost: x\r\n\r\n")]
    [InlineData("GET /v1/../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n")]
    [InlineData("\0\0\0\0")]
    public async Task A_broken_conversation_harms_nobody(string sent)
    {
        using (var caller = new TcpClient())
        {
            await caller.ConnectAsync(own.Host.Http.BaseAddress!.Host, own.Host.Http.BaseAddress.Port);
            var stream = caller.GetStream();
            await stream.WriteAsync(Encoding.Latin1.GetBytes(sent));
            caller.Client.Shutdown(SocketShutdown.Send);
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
            // The host may hang up on such a caller in any way, but it does hang up.
            await Record.ExceptionAsync(() => stream.CopyToAsync(Stream.Null, limit.Token));
            Assert.False(limit.IsCancellationRequested);
        }

        await own.ServesTheNextAsync();
    }

    private static Gen<byte[]> Bodies()
    {
        var fields = Gen.Elements(Names).Zip(Values(2)).Select(pair => $"\"{pair.Item1}\":{pair.Item2}");
        var bodies = Gen.Choose(0, 4).SelectMany(count => Gen.ListOf(fields, count)).Zip(Gen.Choose(0, 3)).Select(drawn => Body([.. drawn.Item1], drawn.Item2));
        return bodies.Zip(Gen.Choose(0, 9)).Zip(Gen.Choose(0, 1 << 20)).Select(drawn => Damaged(Encoding.UTF8.GetBytes(drawn.Item1.Item1), drawn.Item1.Item2, drawn.Item2));
    }

    // Mostly a good request with fields added to it, at times with a field twice, at times only what was drawn.
    private static string Body(string[] drawn, int kind)
    {
        string[] fields = kind == 0 ? drawn : ["\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]", "\"max_tokens\":2", .. drawn];
        return "{" + string.Join(',', kind == 1 ? fields : fields.DistinctBy(field => field.Split(':')[0])) + "}";
    }

    private static Gen<string> Values(int depth) => depth == 0 ? Gen.Elements(Pieces) : Gen.OneOf(
        Gen.Elements(Pieces),
        Gen.Elements(Pieces),
        Gen.Choose(0, 3).SelectMany(count => Gen.ListOf(Values(depth - 1), count)).Select(items => $"[{string.Join(',', items)}]"),
        Gen.Choose(0, 3).SelectMany(count => Gen.ListOf(Gen.Elements(Names).Zip(Values(depth - 1)), count)).Select(fields =>
            "{" + string.Join(',', fields.Select(field => $"\"{field.Item1}\":{field.Item2}")) + "}"));

    // One body in five is cut or has a byte changed.
    private static byte[] Damaged(byte[] body, int kind, int at)
    {
        if (kind == 0)
        {
            return body[..(at % body.Length)];
        }

        if (kind == 1)
        {
            body[at % body.Length] ^= (byte)(1 << (at % 8));
        }

        return body;
    }

    private async Task SendAsync(byte[] body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        // A body that is too long is refused by its length alone; who is still sending then may not see the answer.
        request.Headers.ExpectContinue = body.Length > 60_000;
        using var response = await own.Host.Http.SendAsync(request);
        await WellFormed.CheckAsync(response);
    }

    /// <summary>A host that many may misuse at once.</summary>
    public sealed class OwnHost : IAsyncLifetime
    {
        internal HostProcess Host { get; private set; } = null!;

        public async Task InitializeAsync() => Host = await HostProcess.ReadyAsync(
            Models.Endless, "--Inference:Context", "2048", "--Inference:QueueLength", "16", "--Inference:DefaultMaxTokens", "6");

        public async Task DisposeAsync()
        {
            var errors = Host.Errors;
            await Host.DisposeAsync();
            Assert.Empty(errors);
        }

        internal async Task ServesTheNextAsync()
        {
            using var response = await Host.AskAsync(EndlessHost.ShortQuestion());
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.False(Host.HasExited);
        }
    }
}
