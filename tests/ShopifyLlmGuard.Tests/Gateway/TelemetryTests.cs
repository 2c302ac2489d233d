using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.RegularExpressions;
using ShopifyLlmGuard.Tests.Faults;

namespace ShopifyLlmGuard.Tests.Gateway;

/// <summary>What an operator's dashboard reads, and what the official tool says about it.</summary>
public sealed partial class TelemetryTests(ScrapedMetrics scraped) : IClassFixture<ScrapedMetrics>
{
    private readonly string metrics = scraped.Text;

    [Theory]
    [InlineData("gen_ai_client_operation_duration_seconds_count", "gen_ai_operation_name=\"chat\"", "gen_ai_request_model=\"ok.EU-2\"", "guard_region=\"EU-second\"")]
    [InlineData("gen_ai_client_operation_duration_seconds_count", "error_type=\"endpoint-error\"", "guard_endpoint=\"EU-1\"")]
    [InlineData("gen_ai_client_operation_time_to_first_chunk_seconds_count", "guard_endpoint=\"EU-2\"")]
    [InlineData("gen_ai_client_operation_time_per_output_chunk_seconds_count", "guard_endpoint=\"EU-2\"")]
    [InlineData("gen_ai_client_token_usage_count", "gen_ai_token_type=\"output\"")]
    [InlineData("guard_answers_total", "feature=\"gateway\"", "source=\"live\"", "reason=\"none\"")]
    [InlineData("guard_answers_total", "source=\"none\"", "reason=\"no-eligible-endpoint\"")]
    [InlineData("guard_attempts_total", "region=\"EU-first\"", "outcome=\"endpoint-error\"")]
    [InlineData("guard_retries_total", "reason=\"endpoint-error\"")]
    [InlineData("guard_hedges_total", "feature=\"gateway\"")]
    [InlineData("guard_dispatches_refused_total", "reason=\"no-eligible-endpoint\"")]
    [InlineData("guard_breaker_state", "endpoint=\"EU-1\"")]
    [InlineData("guard_queue_age_seconds_count", "feature=\"gateway\"")]
    [InlineData("guard_budget_left_seconds_count", "stage=\"place\"")]
    [InlineData("guard_budget_left_seconds_count", "stage=\"first\"")]
    [InlineData("guard_budget_left_seconds_count", "stage=\"retry\"")]
    [InlineData("guard_budget_left_seconds_count", "stage=\"hedge\"")]
    [InlineData("guard_budget_left_seconds_count", "stage=\"end\"")]
    [InlineData("guard_overhead_seconds_count", "door=\"gateway\"")]
    public void It_is_there(string name, params string[] labels) => Assert.Contains(
        metrics.Split('\n'), line => line.StartsWith(name + "{", StringComparison.Ordinal) && labels.All(label => line.Contains(label, StringComparison.Ordinal)));

    [Fact]
    public void Every_histogram_of_seconds_of_ours_has_an_edge_at_the_promise() => Assert.All(
        Histogram().Matches(metrics).Select(match => match.Groups[1].Value).Distinct(),
        name => Assert.Contains(metrics.Split('\n'), line => line.StartsWith(name + "_bucket", StringComparison.Ordinal) && line.Contains("le=\"5\"", StringComparison.Ordinal)));

    [Theory]
    [InlineData("ok.EU-2", "gen_ai.operation.name=chat", "gen_ai.provider.name=openai_compatible", "gen_ai.request.model=ok.EU-2", "server.address=127.0.0.1",
        "gen_ai.usage.input_tokens=20", "gen_ai.usage.output_tokens=60", "gen_ai.response.finish_reasons=stop",
        "guard.feature=gateway", "guard.endpoint=EU-2", "guard.region=EU-second", "guard.jurisdiction=EU", "guard.try=retry")]
    [InlineData("s04.EU-1", "gen_ai.request.model=s04.EU-1", "error.type=endpoint-error", "guard.region=EU-first", "guard.try=first")]
    [InlineData("ok.quiet-2", "guard.region=quiet-second", "guard.try=hedge")]
    public void A_span_says_so_too(string model, params string[] tags) => Assert.Contains(scraped.Spans, span =>
        span.DisplayName == $"chat {model}" && span.Kind == ActivityKind.Client
        && tags.All(tag => span.TagObjects.Any(own => $"{own.Key}={(own.Value is string[] many ? string.Join(',', many) : own.Value)}" == tag)));

    [Fact]
    public async Task Promtool_finds_nothing_to_say()
    {
        using var promtool = Process.Start(new ProcessStartInfo("promtool", ["check", "metrics"]) { RedirectStandardInput = true, RedirectStandardError = true, RedirectStandardOutput = true })!;
        await promtool.StandardInput.WriteAsync(metrics);
        promtool.StandardInput.Close();
        var said = await promtool.StandardOutput.ReadToEndAsync() + await promtool.StandardError.ReadToEndAsync();
        await promtool.WaitForExitAsync();

        Assert.True(promtool.ExitCode == 0 && said.Trim().Length == 0, said);
    }

    [GeneratedRegex(@"^# TYPE ((?:guard|gen_ai)_\w+_seconds) histogram", RegexOptions.Multiline)]
    private static partial Regex Histogram();
}

/// <summary>
/// One page of metrics, and all spans, after an answer by the second endpoint, a streamed one, one that was asked for beside a silent
/// endpoint, and a call that nobody may answer.
/// </summary>
public sealed class ScrapedMetrics : IAsyncLifetime
{
    private readonly ConcurrentQueue<Activity> spans = new();

    public string Text { get; private set; } = "";

    public IReadOnlyCollection<Activity> Spans => spans;

    public async Task InitializeAsync()
    {
        await using var field = new FaultField(new FaultTimes { BetweenTokens = TimeSpan.FromMilliseconds(1) });
        var lane = field.Add(new("T", "the first endpoint is down", "s04"), "EU");
        field.Add(new("T", "the first endpoint says nothing", "s06"), "quiet");
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == GuardMeter.Name, ActivityStopped = spans.Enqueue,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
        };
        ActivitySource.AddActivityListener(listener);
        await using var app = await new GatewayApp(field).StartAsync();
        foreach (var (key, streamed) in ((string, bool)[])
            [(await app.KeyAsync(lane.Jurisdiction), false), (await app.KeyAsync(lane.Jurisdiction), true), (await app.KeyAsync("quiet"), false), (await app.KeyAsync("US"), false)])
        {
            await new FaultCaller(app.Client).AskAsync(
                $"{app.Url}/v1/chat/completions", lane.Name, streamed, new Dictionary<string, string> { ["Authorization"] = $"Bearer {key}" }, CancellationToken.None);
        }

        Text = await app.Client.GetStringAsync(new Uri($"{app.Url}/metrics"));
    }

    public Task DisposeAsync() => Task.CompletedTask;
}
