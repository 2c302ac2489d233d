using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;

namespace ShopifyLlmGuard.Inference.Tests.Engine;

/// <summary>Work that nobody waits for any more is dropped, wherever it is, and only that work.</summary>
public sealed class CancellationTests(EndlessHost endless) : IClassFixture<EndlessHost>
{
    private HostProcess Host => endless.Host;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_caller_who_leaves_frees_the_model(bool stream)
    {
        var before = await TokensAsync();
        using var caller = new CancellationTokenSource();
        var asking = Read(Host.AskAsync(EndlessHost.LongQuestion(stream), cancellationToken: caller.Token), caller.Token);
        await Host.UntilAsync(health => health?.GetProperty("running").GetInt32() == 1);
        await caller.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);

        await Host.UntilAsync(IsIdle);
        Assert.True(await TokensAsync() - before < EndlessHost.LongAnswer);
    }

    [Fact]
    public async Task A_caller_who_leaves_frees_the_place_in_the_queue()
    {
        using var running = new CancellationTokenSource();
        using var waiting = new CancellationTokenSource();
        Task[] asking =
        [
            Read(Host.AskAsync(EndlessHost.LongQuestion(), cancellationToken: running.Token), running.Token),
            Read(Host.AskAsync(EndlessHost.LongQuestion(), cancellationToken: waiting.Token), waiting.Token),
            Read(Host.AskAsync(EndlessHost.LongQuestion(), cancellationToken: waiting.Token), waiting.Token),
        ];
        await Host.UntilAsync(health => health?.GetProperty("queued").GetInt32() == 2);
        await waiting.CancelAsync();
        await Host.UntilAsync(health => health?.GetProperty("queued").GetInt32() == 0);

        // The one that is being answered is not disturbed.
        Assert.Equal(1, (await Host.HealthAsync()).GetProperty("running").GetInt32());
        await running.CancelAsync();
        await Host.UntilAsync(IsIdle);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll(asking));
    }

    [Fact]
    public async Task A_full_queue_refuses_at_once_and_says_when_to_come_back()
    {
        using var callers = new CancellationTokenSource();
        var asking = new List<Task>();
        for (var caller = 0; caller < 3; caller++)
        {
            asking.Add(Read(Host.AskAsync(EndlessHost.LongQuestion(), cancellationToken: callers.Token), callers.Token));
        }

        await Host.UntilAsync(health => health?.GetProperty("queued").GetInt32() == 2);
        using var refused = await Host.AskAsync(EndlessHost.ShortQuestion());

        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        // At once: nobody's answer had to end for it.
        Assert.All(asking, each => Assert.False(each.IsCompleted));
        Assert.NotNull(refused.Headers.RetryAfter);
        Assert.Equal("queue_full", await CodeOf(refused));
        Assert.Equal("2", await Host.MetricAsync("^llm_queued"));
        Assert.NotEqual("0", await Host.MetricAsync("^llm_refusals_total.*cause=\"queue-full\""));
        await callers.CancelAsync();
        await Host.UntilAsync(IsIdle);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll(asking));
    }

    [Fact]
    public async Task A_full_queue_refuses_before_it_has_read_the_question()
    {
        using var callers = new CancellationTokenSource();
        var asking = Enumerable.Range(0, 3).Select(_ => Read(Host.AskAsync(EndlessHost.LongQuestion(), cancellationToken: callers.Token), callers.Token)).ToArray();
        await Host.UntilAsync(health => health?.GetProperty("queued").GetInt32() == 2);
        using var caller = new TcpClient();
        await caller.ConnectAsync(IPAddress.Loopback, Host.Http.BaseAddress!.Port);
        // A kilobyte is announced, and none of it ever comes.
        await caller.GetStream().WriteAsync("POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1024\r\n\r\n"u8.ToArray());
        using var reader = new StreamReader(caller.GetStream());

        Assert.StartsWith("HTTP/1.1 429 ", await reader.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(20)), StringComparison.Ordinal);
        await callers.CancelAsync();
        await Host.UntilAsync(IsIdle);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll(asking));
    }

    [Fact]
    public async Task A_deadline_ends_running_and_waiting_work()
    {
        var before = await TokensAsync();
        var asked = await Task.WhenAll(
            Host.AskAsync(EndlessHost.LongQuestion(), deadline: 400), Host.AskAsync(EndlessHost.LongQuestion(), deadline: 400));

        foreach (var answer in asked)
        {
            Assert.Equal(HttpStatusCode.GatewayTimeout, answer.StatusCode);
            Assert.Equal("deadline_exceeded", await CodeOf(answer));
            answer.Dispose();
        }

        await Host.UntilAsync(IsIdle);
        Assert.True(await TokensAsync() - before < EndlessHost.LongAnswer);
    }

    [Fact]
    public async Task A_deadline_inside_a_stream_ends_it_with_an_error_and_without_done()
    {
        using var answer = await Host.AskAsync(EndlessHost.LongQuestion(stream: true), deadline: 1000);
        var events = await answer.Content.ReadAsStringAsync();

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Contains("\"code\":\"deadline_exceeded\"", events, StringComparison.Ordinal);
        Assert.DoesNotContain("[DONE]", events, StringComparison.Ordinal);
        await Host.UntilAsync(IsIdle);
    }

    [Fact]
    public async Task A_deadline_that_has_passed_costs_no_work()
    {
        var before = await TokensAsync();
        using var answer = await Host.AskAsync(EndlessHost.ShortQuestion(), deadline: 0);

        Assert.Equal(HttpStatusCode.GatewayTimeout, answer.StatusCode);
        Assert.Equal(before, await TokensAsync());
    }

    [Fact]
    public async Task Cancelled_neighbours_never_change_an_answer()
    {
        var expected = await TextOf(await Host.AskAsync(EndlessHost.ShortQuestion(200)));
        for (var round = 0; round < 10; round++)
        {
            using var neighbour = new CancellationTokenSource();
            var leaving = Read(Host.AskAsync(EndlessHost.LongQuestion(), cancellationToken: neighbour.Token), neighbour.Token);
            await Host.UntilAsync(health => health?.GetProperty("running").GetInt32() == 1);
            var asking = Host.AskAsync(EndlessHost.ShortQuestion(200));
            await neighbour.CancelAsync();

            Assert.Equal(expected, await TextOf(await asking));
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaving);
        }
    }

    [Fact]
    public async Task Health_answers_while_the_model_works()
    {
        using var caller = new CancellationTokenSource();
        var asking = Read(Host.AskAsync(EndlessHost.LongQuestion(), cancellationToken: caller.Token), caller.Token);
        await Host.UntilAsync(health => health?.GetProperty("running").GetInt32() == 1);
        var health = await Host.HealthAsync();
        var later = await Host.HealthAsync();

        Assert.Equal("ok", health.GetProperty("status").GetString());
        Assert.True(health.GetProperty("busy_since").GetDateTimeOffset() <= DateTimeOffset.MaxValue);
        Assert.True(later.GetProperty("last_token_age_ms").GetInt64() < 5000);
        await Host.UntilAsync(now => now?.GetProperty("tokens_computed").GetInt64() > later.GetProperty("tokens_computed").GetInt64());
        await caller.CancelAsync();
        await Host.UntilAsync(IsIdle);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
    }

    private async Task<long> TokensAsync() => (await Host.HealthAsync()).GetProperty("tokens_computed").GetInt64();

    private static bool IsIdle(JsonElement? health) =>
        health?.GetProperty("running").GetInt32() == 0 && health?.GetProperty("queued").GetInt32() == 0;

    private static async Task<string> Read(Task<HttpResponseMessage> asking, CancellationToken cancellationToken)
    {
        using var answer = await asking;
        return await answer.Content.ReadAsStringAsync(cancellationToken);
    }

    private static async Task<string?> CodeOf(HttpResponseMessage answer) =>
        (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("error").GetProperty("code").GetString();

    private static async Task<string?> TextOf(HttpResponseMessage answer)
    {
        using (answer)
        {
            return (await answer.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>())
                .GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString();
        }
    }
}
