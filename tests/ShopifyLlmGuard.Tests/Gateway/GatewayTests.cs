using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.AI;
using ShopifyLlmGuard.Gateway;
using ShopifyLlmGuard.Llm;
using ShopifyLlmGuard.Server.Gateway;
using ShopifyLlmGuard.Server.Trust;
using ShopifyLlmGuard.Serving;
using ShopifyLlmGuard.Tests.Faults;

namespace ShopifyLlmGuard.Tests.Gateway;

/// <summary>The gateway's door, its limits, and what it says.</summary>
public sealed class GatewayTests : IAsyncLifetime
{
    private readonly FaultField field = new(new FaultTimes { BetweenTokens = TimeSpan.FromMilliseconds(1) });
    private GatewayApp app = null!;

    public async Task InitializeAsync()
    {
        field.Add(new("A", "all is well", "ok"), "EU");
        field.Add(new("B", "both say nothing", "s06") { Secondary = "s06" }, "silent");
        field.Add(new("C", "the first breaks off", "s08"), "cut");
        field.Add(new("D", "both stall", "s09") { Secondary = "s09" }, "stalled");

        // No call before may have said that the silent ones are down: these tests are about what a caller is told.
        app = await new GatewayApp(field).StartAsync(("Llm:Breaker:ConsecutiveFailures", "100"), ("Llm:Breaker:MinimumCalls", "1000"));
    }

    public async Task DisposeAsync() => await app.DisposeAsync();

    [Fact]
    public async Task An_answer_says_who_gave_it()
    {
        using var response = await AskAsync(await app.KeyAsync("EU"), Chat());

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("live", Header(response, "X-Guard-Source"));
        Assert.Matches("^EU-[12]; EU-(first|second)$", Header(response, "X-Guard-Served-By"));
        Assert.Equal("no-store", response.Headers.CacheControl?.ToString());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("Bearer")]
    [InlineData("Bearer guard_000000000000_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("Basic Z3VhcmQ6Z3VhcmQ=")]
    public async Task Nobody_passes_without_a_good_key(string? authorization)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = JsonContent.Create(Chat()) };
        request.Headers.TryAddWithoutValidation("Authorization", authorization);
        using var response = await app.Client.SendAsync(request);

        Assert.Equal((HttpStatusCode.Unauthorized, "invalid_api_key"), (response.StatusCode, await CodeOf(response)));
        Assert.Equal("Bearer", response.Headers.WwwAuthenticate.ToString());
        Assert.Empty(field.Llm.Requests);
    }

    [Fact]
    public async Task A_key_is_kept_as_a_hash_only_and_ends_when_it_is_revoked_or_expires()
    {
        var secret = await app.KeyAsync("EU");
        var row = await app.App.QueryAsync(db => Task.FromResult(db.GatewayKeys.Single()));
        Assert.DoesNotContain(secret, JsonSerializer.Serialize(row), StringComparison.Ordinal);
        Assert.Equal(32, row.Hash.Length);
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(secret, Chat())).StatusCode);

        Assert.True(await app.Get<GatewayKeys>().RevokeAsync(row.Id, "test"));
        Assert.False(await app.Get<GatewayKeys>().RevokeAsync(row.Id, "test"));
        await app.RefreshAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, (await AskAsync(secret, Chat())).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await AskAsync(await app.KeyAsync("EU", lasts: TimeSpan.Zero), Chat())).StatusCode);
    }

    [Fact]
    public async Task A_key_with_one_changed_letter_is_no_key()
    {
        var secret = await app.KeyAsync("EU");
        var changed = secret[..^1] + (secret[^1] == 'A' ? 'B' : 'A');

        Assert.NotNull(app.Get<GatewayKeys>().Find(secret));
        Assert.Null(app.Get<GatewayKeys>().Find(changed));
        Assert.Null(app.Get<GatewayKeys>().Find(secret + "A"));
        Assert.Null(app.Get<GatewayKeys>().Find("guard_"));
    }

    [Fact]
    public async Task A_key_that_asks_too_often_is_told_when_to_come_back()
    {
        var key = await app.KeyAsync("EU", perMinute: 2);
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(key, Chat())).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(key, Chat())).StatusCode);
        using var refused = await AskAsync(key, Chat());

        Assert.Equal((HttpStatusCode.TooManyRequests, "rate_limit_exceeded"), (refused.StatusCode, await CodeOf(refused)));
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(await app.KeyAsync("EU"), Chat())).StatusCode);
    }

    [Fact]
    public async Task A_key_has_only_so_many_calls_at_once_and_gets_the_place_back_when_one_ends()
    {
        var key = await app.KeyAsync("silent", atOnce: 1);
        using var leave = new CancellationTokenSource();
        var first = AskAsync(key, Chat(), leave.Token);
        await Guard.UntilAsync(() => !field.Llm.Requests.IsEmpty, "the first call has reached an endpoint");

        using var refused = await AskAsync(key, Chat());
        Assert.Equal((HttpStatusCode.TooManyRequests, "too_many_at_once"), (refused.StatusCode, await CodeOf(refused)));

        using var answered = await first;
        Assert.Equal(HttpStatusCode.GatewayTimeout, answered.StatusCode);
        Assert.Equal(HttpStatusCode.GatewayTimeout, (await AskAsync(key, Chat())).StatusCode);
    }

    [Fact]
    public async Task A_key_cannot_use_an_endpoint_of_another_jurisdiction()
    {
        using var response = await AskAsync(await app.KeyAsync("US"), Chat());

        Assert.Equal((HttpStatusCode.ServiceUnavailable, Reasons.NoEligibleEndpoint), (response.StatusCode, await CodeOf(response)));
        Assert.Equal(Reasons.NoEligibleEndpoint, Header(response, "X-Guard-Reason"));
        Assert.Empty(field.Llm.Requests);
    }

    [Theory]
    [InlineData("""{"model":"guard","messages":[{"role":"user","content":"Hi"}],"stream":"yes"}""", "stream")]
    [InlineData("""{"model":"guard","messages":[{"role":"robot","content":"Hi"}]}""", "messages[0].role")]
    [InlineData("""{"model":"guard","messages":[{"role":"user","content":[{"type":"image_url"}]}]}""", "messages[0].content")]
    [InlineData("""{"model":"guard","messages":[]}""", "messages")]
    [InlineData("""{"messages":[{"role":"user","content":"Hi"}]}""", "model")]
    [InlineData("""{"model":"guard","messages":[{"role":"user","content":"Hi"}],"n":2}""", "n")]
    [InlineData("""{"model":"guard","messages":[{"role":"user","content":"Hi"}],"max_tokens":0}""", "max_tokens")]
    [InlineData("""{"model":"guard","messages":[{"role":"user","content":"Hi"}],"stop":[1]}""", "stop")]
    [InlineData("""{"model":"guard","messages":[null]}""", "messages[0]")]
    [InlineData("""{"model":"guard","messages":[{"role":"user","content":"Hi"}],"response_format":{"type":1}}""", "response_format")]
    [InlineData("""{"model":"guard","messages":[{"role":"user","content":[{"type":1,"text":"Hi"}]}]}""", "messages[0].content")]
    [InlineData("[]", null)]
    [InlineData("{", null)]
    [InlineData("", null)]
    public async Task What_is_wrong_with_a_request_is_said_in_OpenAIs_shape(string body, string? param)
    {
        using var response = await SendAsync(await app.KeyAsync("EU"), new StringContent(body, Encoding.UTF8, "application/json"));
        var error = (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("error");

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("invalid_request_error", error.GetProperty("type").GetString());
        Assert.Equal(param, error.GetProperty("param").GetString());
        Assert.Empty(field.Llm.Requests);
    }

    [Fact]
    public async Task A_body_that_is_too_large_is_refused()
    {
        using var response = await AskAsync(await app.KeyAsync("EU"), Chat(new string('x', 300 * 1024)));
        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "request_too_large"), (response.StatusCode, await CodeOf(response)));
    }

    [Fact]
    public async Task A_caller_who_waits_less_than_the_budget_gets_an_error_in_time()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = JsonContent.Create(Chat()) };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", await app.KeyAsync("silent"));
        request.Headers.Add("X-Deadline-Ms", "400");
        var began = TimeProvider.System.GetTimestamp();
        using var response = await app.Client.SendAsync(request);

        Assert.Equal((HttpStatusCode.GatewayTimeout, Reasons.Timeout), (response.StatusCode, await CodeOf(response)));
        Assert.InRange(TimeProvider.System.GetElapsedTime(began).TotalSeconds, 0, 4);
    }

    [Fact]
    public async Task A_pin_for_all_shops_switches_it_off_too()
    {
        await app.Get<PinBoard>().PinAsync(new(null, null, Mode.Fallback, PinHolder.Human, "operator", "an incident", null));
        using var response = await AskAsync(await app.KeyAsync("EU"), Chat());

        Assert.Equal((HttpStatusCode.ServiceUnavailable, Reasons.Pinned), (response.StatusCode, await CodeOf(response)));
        Assert.Empty(field.Llm.Requests);
    }

    [Theory]
    [InlineData(0f, true)]
    [InlineData(0.7f, false)]
    [InlineData(null, false)]
    public async Task An_answer_that_breaks_off_is_taken_up_elsewhere_only_when_it_is_not_left_to_chance(float? temperature, bool isWhole)
    {
        var last = await ReadAsync("cut", temperature).LastAsync();
        Assert.Equal(isWhole, last is AnswerPart.Done);
        Assert.Equal(isWhole ? 1 : 0, field.Llm.AttemptsAt("ok.cut-2").Count);
    }

    [Fact]
    public async Task A_caller_who_stops_reading_stops_the_model()
    {
        Assert.IsType<AnswerPart.Text>(await ReadAsync("stalled", 0).SkipWhile(part => part is not AnswerPart.Text).FirstAsync());
        await Guard.UntilAsync(
            () => app.App.QueryAsync(db => Task.FromResult(db.Attempts.Any(attempt => attempt.Outcome == Reasons.Cancelled))).GetAwaiter().GetResult(),
            "the attempt is stopped");
    }

    [Fact]
    public async Task A_place_is_given_back_before_the_last_words_are_written()
    {
        using var limits = new GatewayLimits();
        var key = new GatewayKeyProfile("a-key", [], ["EU"], 6000, 1, null);
        var attempt = Attempt.NotMade(Reasons.Timeout);
        foreach (var result in (IResult[])[new PlainCompletion(attempt, DateTimeOffset.UnixEpoch), new StreamedCompletion(Parts(attempt), false, DateTimeOffset.UnixEpoch)])
        {
            var context = Context(key);
            var written = new WatchedStream(async () =>
            {
                var another = Context(key);
                Assert.Null(await limits.InvokeAsync(another, _ => ValueTask.FromResult<object?>(null)));
                another.HttpContext.GiveBackPlace();
            });
            context.HttpContext.Response.Body = written;
            await ((IResult)(await limits.InvokeAsync(context, _ => ValueTask.FromResult<object?>(result)))!).ExecuteAsync(context.HttpContext);
            Assert.True(written.Count > 0);
        }
    }

    private static EndpointFilterInvocationContext Context(GatewayKeyProfile key)
    {
        var http = new DefaultHttpContext();
        http.Features.Set(key);
        return EndpointFilterInvocationContext.Create(http);
    }

    private static async IAsyncEnumerable<AnswerPart> Parts(Attempt attempt)
    {
        await Task.CompletedTask;
        yield return new AnswerPart.Incomplete(Reasons.Timeout, attempt);
    }

    private IAsyncEnumerable<AnswerPart> ReadAsync(string jurisdiction, float? temperature) => app.Get<InHouseAssistant>().StreamAsync(
        new InHouseCall(new Caller("key:test", [jurisdiction]), [new(ChatRole.User, $"When?{FaultCaller.LaneMark}{jurisdiction}")], new Sampling(200) { Temperature = temperature }),
        new Deadline(TimeProvider.System, TimeSpan.FromSeconds(20)));

    private static object Chat(string words = "When does a gateway earn trust?") =>
        new { model = "guard", messages = new[] { new { role = "user", content = words } } };

    private static string? Header(HttpResponseMessage response, string name) => response.Headers.TryGetValues(name, out var values) ? values.Single() : null;

    private static async Task<string?> CodeOf(HttpResponseMessage response) =>
        (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("error").GetProperty("code").GetString();

    private Task<HttpResponseMessage> AskAsync(string key, object body, CancellationToken cancellationToken = default) =>
        SendAsync(key, JsonContent.Create(body), cancellationToken);

    private Task<HttpResponseMessage> SendAsync(string key, HttpContent body, CancellationToken cancellationToken = default)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = body };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return app.Client.SendAsync(request, cancellationToken);
    }

    private sealed class WatchedStream(Func<Task> onWrite) : MemoryStream
    {
        public int Count { get; private set; }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Count++;
            await onWrite();
        }
    }
}
