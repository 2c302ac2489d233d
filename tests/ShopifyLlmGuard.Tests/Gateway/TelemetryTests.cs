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
    [InlineData("guard_dispatches_refused_total", "reason=\"no-eligible-endpoint\"")]
    [InlineData("guard_breaker_state", "endpoint=\"EU-1\"")]
    [InlineData("guard_queue_age_seconds_count", "feature=\"gateway\"")]
    [InlineData("guard_budget_left_seconds_count", "stage=\"place\"")]
    [InlineData("guard_budget_left_seconds_count", "stage=\"first\"")]
    [InlineData("guard_budget_left_seconds_count", "stage=\"retry\"")]
    [InlineData("guard_budget_left_seconds_count", "stage=\"end\"")]
    [InlineData("guard_overhead_seconds_count", "door=\"gateway\"")]
    public void It_is_there(string name, params string[] labels) => Assert.Contains(
        metrics.Split('\n'), line => line.StartsWith(name + "{", StringComparison.Ordinal) && labels.All(label => line.Contains(label, StringComparison.Ordinal)));

    [Fact]
    public void Every_histogram_of_seconds_of_ours_has_an_edge_at_the_promise() => Assert.All(
        Histogram().Matches(metrics).Select(match => match.Groups[1].Value).Distinct(),
        name => Assert.Contains(metrics.Split('\n'), line => line.StartsWith(name + "_bucket", StringComparison.Ordinal) && line.Contains("le=\"5\"", StringComparison.Ordinal)));

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

/// <summary>One page of metrics, after an answer by the second endpoint, a streamed one, and a call that nobody may answer.</summary>
public sealed class ScrapedMetrics : IAsyncLifetime
{
    public string Text { get; private set; } = "";

    public async Task InitializeAsync()
    {
        await using var field = new FaultField(new FaultTimes { BetweenTokens = TimeSpan.FromMilliseconds(1) });
        var lane = field.Add(new("T", "the first endpoint is down", "s04"), "EU");
        await using var app = await new GatewayApp(field).StartAsync();
        foreach (var (key, streamed) in ((string, bool)[])[(await app.KeyAsync(lane.Jurisdiction), false), (await app.KeyAsync(lane.Jurisdiction), true), (await app.KeyAsync("US"), false)])
        {
            await new FaultCaller(app.Client).AskAsync(
                $"{app.Url}/v1/chat/completions", lane.Name, streamed, new Dictionary<string, string> { ["Authorization"] = $"Bearer {key}" }, CancellationToken.None);
        }

        Text = await app.Client.GetStringAsync(new Uri($"{app.Url}/metrics"));
    }

    public Task DisposeAsync() => Task.CompletedTask;
}
