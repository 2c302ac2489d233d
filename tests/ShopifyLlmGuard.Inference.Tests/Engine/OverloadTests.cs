using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace ShopifyLlmGuard.Inference.Tests.Engine;

/// <summary>One host for a class of tests: four answers at a time, and admission that means it.</summary>
public sealed class StrictHost : IAsyncLifetime
{
    internal HostProcess Host { get; private set; } = null!;

    public async Task InitializeAsync() => Host = await HostProcess.ReadyAsync(
        Models.Endless, "--Inference:Parallel", "4", "--Inference:QueueLength", "4", "--Inference:Threads", "1",
        "--Inference:Context", "16384", "--Inference:Cells", "65536", "--Inference:FirstToken", "00:10:00");

    public async Task DisposeAsync() => await Host.DisposeAsync();
}

/// <summary>What the host says to callers when there are more of them than it can serve, and what it tells the operator.</summary>
public sealed class OverloadTests(StrictHost strict) : IClassFixture<StrictHost>
{
    private HostProcess Host => strict.Host;

    [Fact]
    public async Task Who_cannot_be_served_in_time_is_told_at_once_and_told_when_to_come_back()
    {
        using var leaving = new CancellationTokenSource();
        var crowd = Enumerable.Range(0, 4).Select(index => AskAsync(Question(new string('x', 14_000) + index, 2000), stop: leaving.Token)).ToArray();
        await Host.UntilAsync(health => health?.GetProperty("running").GetInt32() == 4);
        // The first micro-batches tell how fast it is.
        var computed = (await Host.HealthAsync()).GetProperty("tokens_computed").GetInt64();
        await Host.UntilAsync(health => health?.GetProperty("tokens_computed").GetInt64() > computed);
        using var refused = await AskAsync(Question("hello"), deadline: 200);

        // At once: nobody's answer had to end for it.
        Assert.All(crowd, each => Assert.False(each.IsCompleted));
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.Equal("deadline_unreachable", await CodeOf(refused));
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1));
        Assert.NotEqual(0, await NumberAsync("^llm_refusals_total.*cause=\"deadline-unreachable\""));
        Assert.True(double.Parse(await Host.MetricAsync("^llm_kv_cache_usage"), CultureInfo.InvariantCulture) > 0.5);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll(crowd));
        await Host.UntilAsync(health => health?.GetProperty("running").GetInt32() == 0);
    }

    [Fact]
    public async Task Several_answers_are_computed_at_the_same_time()
    {
        using var leaving = new CancellationTokenSource();
        var asking = Enumerable.Range(0, 3).Select(_ => AskAsync(Question("hello", EndlessHost.LongAnswer), stop: leaving.Token)).ToArray();
        await Host.UntilAsync(health => health?.GetProperty("running").GetInt32() == 3);
        using var quick = await AskAsync(Question("hello", 4));

        Assert.Equal(HttpStatusCode.OK, quick.StatusCode);
        Assert.Equal(3, (await Host.HealthAsync()).GetProperty("running").GetInt32());
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll(asking));
    }

    [Fact]
    public async Task A_large_body_with_a_short_prompt_is_not_taken_for_a_long_prompt()
    {
        await using var impatient = await HostProcess.ReadyAsync(
            Models.Endless, "--Inference:Parallel", "4", "--Inference:Threads", "1", "--Inference:Context", "16384",
            "--Inference:Cells", "65536", "--Inference:FirstToken", "00:00:00.1");
        // Tells how fast it is: too slow for a prompt of 60 KB.
        (await impatient.AskAsync(Question(new string('x', 8000)))).EnsureSuccessStatusCode().Dispose();
        using var leaving = new CancellationTokenSource();
        var running = impatient.AskAsync(EndlessHost.LongQuestion(), cancellationToken: leaving.Token);
        await impatient.UntilAsync(health => health?.GetProperty("running").GetInt32() == 1);
        var body = JsonContent.Create(new
        {
            messages = new[] { new { role = "user", content = "which one?" } },
            max_tokens = 80,
            temperature = 0,
            guided_choice = Enumerable.Range(0, 900).Select(index => $"gid://shopify/ProductVariant/{index:000000}/{new string('v', 20)}"),
        });
        // Sent with its length, as most clients do.
        await body.LoadIntoBufferAsync();
        using var answer = await impatient.AskAsync(body);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.False(running.IsCompleted);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    [Theory]
    [InlineData("X-Priority", "urgent")]
    [InlineData("X-Priority", "")]
    [InlineData("X-Priority", "Chat")]
    public async Task An_unknown_priority_is_refused(string header, string value)
    {
        using var response = await AskAsync(Question("hello"), headers: (header, value));

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("X-Priority", (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("error").GetProperty("param").GetString());
    }

    [Theory]
    [InlineData("chat")]
    [InlineData("recommendations")]
    [InlineData("batch")]
    public async Task A_known_priority_is_answered(string priority)
    {
        using var response = await AskAsync(Question("hello"), headers: ("X-Priority", priority));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task Kept_prefixes_are_one_callers_own()
    {
        async Task<long> HitsAsync(params (string, string)[] headers)
        {
            var before = await NumberAsync("^llm_prefix_cache_hits_total");
            using var response = await AskAsync(Question("which of your monitors is the best one?"), headers: headers);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            return await NumberAsync("^llm_prefix_cache_hits_total") - before;
        }

        (string, string) alice = ("X-Caller", "alice"), bob = ("X-Caller", "bob"), key = ("Authorization", "Bearer other");
        Assert.Equal(0, await HitsAsync(alice));
        Assert.NotEqual(0, await HitsAsync(alice));
        Assert.Equal(0, await HitsAsync(bob));
        Assert.Equal(0, await HitsAsync(alice, key));
        Assert.Equal(0, await HitsAsync(key, ("X-Caller", "ali"), ("X-Other", "ce")));
    }

    [Fact]
    public async Task Metrics_are_what_promtool_calls_clean()
    {
        using var answer = await AskAsync(Question("hello"));
        Assert.Equal((0, ""), await Promtool.CheckAsync(await Host.Http.GetStringAsync("/metrics")));
    }

    [Fact]
    public async Task A_router_reads_what_it_reads_from_vllm()
    {
        var lines = (await Host.Http.GetStringAsync("/metrics/vllm")).Split('\n');

        string[] read =
        [
            "num_requests_running", "num_requests_waiting", "kv_cache_usage_perc", "prefix_cache_queries_total", "prefix_cache_hits_total",
        ];
        Assert.All(read, name => Assert.Single(lines, line => line.StartsWith($"vllm:{name}{{model_name=\"tiny\"}} ", StringComparison.Ordinal)));
        Assert.All(read, name => Assert.Single(lines, line => line.StartsWith($"# TYPE vllm:{name} ", StringComparison.Ordinal)));
    }

    private static object Question(string content, int maxTokens = 4) =>
        new { messages = new[] { new { role = "user", content } }, max_tokens = maxTokens, temperature = 0 };

    private async Task<HttpResponseMessage> AskAsync(
        object body, int? deadline = null, CancellationToken stop = default, params (string Key, string Value)[] headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = JsonContent.Create(body) };
        if (deadline is { } milliseconds)
        {
            request.Headers.Add("X-Deadline-Ms", milliseconds.ToString(CultureInfo.InvariantCulture));
        }

        foreach (var (key, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(key, value);
        }

        return await Host.Http.SendAsync(request, stop);
    }

    private async Task<long> NumberAsync(string metric) => long.Parse(await Host.MetricAsync(metric), CultureInfo.InvariantCulture);

    private static async Task<string?> CodeOf(HttpResponseMessage answer) =>
        (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("error").GetProperty("code").GetString();
}
