using System.Net.Sockets;
using ShopifyLlmGuard.Llm;
using ShopifyLlmGuard.Llm.Wire;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Tests.Llm;

public sealed class ErrorClassifierTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);

    // Every way in which a host may say when to come again, and what is heard.
    private static readonly (string Name, string Value, double? Seconds)[] Headers =
    [
        ("", "", null), ("Retry-After", "3", 3), ("Retry-After", "0", 0), ("Retry-After", "1.5", 1.5), ("Retry-After-Ms", "250", 0.25),
        ("Retry-After", "Tue, 24 Nov 2026 12:00:07 GMT", 7), ("Retry-After", "Tue, 24 Nov 2026 11:00:00 GMT", 0),
        ("Retry-After", "soon", null), ("Retry-After", "-5", null), ("Retry-After", "99999999999999", null), ("Retry-After", "90000", null),
    ];

    [Fact]
    public void Every_status_with_every_header_means_one_thing()
    {
        var table = from status in Enumerable.Range(201, 399) from header in Headers select (status, header);
        Assert.All(table, row =>
        {
            var failure = ErrorClassifier.Of(row.status, name => name == row.header.Name ? row.header.Value : null, Now);
            var after = row.header.Seconds is { } seconds ? TimeSpan.FromSeconds(seconds) : (TimeSpan?)null;
            var expected = row.status switch
            {
                429 => new Failure(Reasons.EndpointBusy, Verdict.None, Retry.Anywhere, after),
                503 when after is not null => new Failure(Reasons.EndpointBusy, Verdict.None, Retry.Anywhere, after),
                502 or 503 or 504 => new Failure(Reasons.EndpointError, Verdict.Bad, Retry.Anywhere),
                400 or 413 or 422 => new Failure(Reasons.RequestRefused, Verdict.None, Retry.Never),
                _ => new Failure(Reasons.EndpointError, Verdict.Bad, Retry.Elsewhere),
            };
            Assert.True(expected == failure, $"{row.status} with {row.header.Name}: {row.header.Value} is {failure}");
        });
    }

    [Theory]
    [InlineData("""{"error":{"message":"no","type":"invalid_request_error","code":"context_length_exceeded"}}""", Retry.Elsewhere)]
    [InlineData("""{"error":{"code":400,"message":"the request exceeds the available context size","type":"exceed_context_size_error","n_ctx":512}}""", Retry.Elsewhere)]
    [InlineData("""{"error":{"message":"This model's maximum context length is 512 tokens.","type":"BadRequestError","param":null,"code":400}}""", Retry.Elsewhere)]
    [InlineData("""{"object":"error","message":"This model's maximum context length is 512 tokens.","type":"BadRequestError","code":400}""", Retry.Elsewhere)]
    [InlineData("""{"error":{"message":"maximum context length","code":"invalid_value"}}""", Retry.Never)]
    [InlineData("""{"error":{"message":"unknown field","type":"BadRequestError","code":400}}""", Retry.Never)]
    [InlineData("""{"error":"context_length_exceeded"}""", Retry.Never)]
    [InlineData("""{"error":{"code":{"a":1},"type":3,"message":[]}}""", Retry.Never)]
    [InlineData("[1]", Retry.Never)]
    [InlineData("<html>", Retry.Never)]
    [InlineData("", Retry.Never)]
    internal void Words_that_are_too_long_for_one_host_may_fit_another(string body, Retry where) => Assert.Equal(
        new Failure(Reasons.RequestRefused, Verdict.None, where),
        ErrorClassifier.Of(400, _ => null, Now, ErrorBody.Code(System.Text.Encoding.UTF8.GetBytes(body))));

    // xunit wants simple values in a table, so the exceptions have names.
    private static readonly Dictionary<string, Exception?> Thrown = new()
    {
        ["none"] = null,
        ["refused"] = new HttpRequestException(HttpRequestError.ConnectionError, "", new SocketException((int)SocketError.ConnectionRefused)),
        ["unknown name"] = new HttpRequestException(HttpRequestError.NameResolutionError, ""),
        ["bad certificate"] = new HttpRequestException(HttpRequestError.SecureConnectionError, ""),
        ["connect timeout"] = new TaskCanceledException("", new TimeoutException()),
        ["wrapped by the library"] = new AggregateException(new InvalidOperationException("", new HttpRequestException(HttpRequestError.ConnectionError, ""))),
        ["reset"] = new HttpRequestException(HttpRequestError.ResponseEnded, "", new IOException("", new SocketException((int)SocketError.ConnectionReset))),
        ["too few bytes"] = new HttpIOException(HttpRequestError.ResponseEnded),
        ["bad protocol"] = new HttpRequestException(HttpRequestError.InvalidResponse, ""),
        ["broken stream"] = new BrokenStreamException(),
        ["garbage"] = new System.Text.Json.JsonException(),
        ["cancelled by itself"] = new OperationCanceledException(),
        ["a bug"] = new InvalidCastException(),
    };

    [Theory]
    [InlineData("none", false)]
    [InlineData("refused", true)]
    [InlineData("unknown name", true)]
    [InlineData("bad certificate", true)]
    [InlineData("connect timeout", true)]
    [InlineData("wrapped by the library", true)]
    [InlineData("reset", false)]
    [InlineData("too few bytes", false)]
    [InlineData("bad protocol", false)]
    [InlineData("broken stream", false)]
    [InlineData("garbage", false)]
    [InlineData("cancelled by itself", false)]
    [InlineData("a bug", false)]
    public void Every_exception_means_one_thing_before_the_first_words_and_one_after(string name, bool nothingArrived)
    {
        Assert.Equal(
            nothingArrived
                ? new Failure(Reasons.EndpointUnreachable, Verdict.Bad, Retry.Anywhere)
                : new Failure(Reasons.EndpointError, Verdict.Bad, Retry.Elsewhere),
            ErrorClassifier.Of(Thrown[name], begun: false));
        Assert.Equal(new Failure(Reasons.IncompleteAnswer, Verdict.Bad, Retry.Elsewhere), ErrorClassifier.Of(Thrown[name], begun: true));
    }

    [Theory]
    [InlineData("data: [DONE]", EventLineKind.End)]
    [InlineData("data:[DONE]\r", EventLineKind.End)]
    [InlineData("data: {\"error\":{\"message\":\"x\"}}", EventLineKind.Error)]
    [InlineData("data: {\"id\":\"1\",\"error\" : {\"code\":429}}", EventLineKind.Error)]
    [InlineData("data: {\"object\":\"error\",\"message\":\"x\"}", EventLineKind.Error)]
    [InlineData("event: error", EventLineKind.Error)]
    [InlineData("error: {\"code\":500}", EventLineKind.Error)]
    [InlineData("data: {\"error\":null,\"choices\":[]}", EventLineKind.Other)]
    [InlineData("data: {\"choices\":[{\"delta\":{\"content\":\"the \\\"error\\\": light\"}}]}", EventLineKind.Other)]
    [InlineData("data: {\"choices\":[{\"delta\":{\"content\":\"[DONE]\"}}]}", EventLineKind.Other)]
    [InlineData(": keep-alive", EventLineKind.Other)]
    [InlineData("event: message", EventLineKind.Other)]
    [InlineData("", EventLineKind.Other)]
    internal void An_error_inside_a_success_is_seen_and_a_word_about_errors_is_not(string line, EventLineKind kind) =>
        Assert.Equal(kind, EventLine.Kind(System.Text.Encoding.UTF8.GetBytes(line)));
}
