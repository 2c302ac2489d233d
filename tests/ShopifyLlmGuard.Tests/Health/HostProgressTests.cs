using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using ShopifyLlmGuard.Health.Progress;

namespace ShopifyLlmGuard.Tests.Health;

public sealed class HostProgressTests
{
    private static readonly DateTimeOffset Noon = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);

    private const string Ours = """
        # TYPE llm_steps_total counter
        llm_steps_total{otel_scope_name="ShopifyLlmGuard.Inference"} 71
        llm_running{otel_scope_name="ShopifyLlmGuard.Inference"} 2
        llm_queued{otel_scope_name="ShopifyLlmGuard.Inference"} 1
        llm_busy_for_seconds{otel_scope_name="ShopifyLlmGuard.Inference"} 4.5
        llm_last_token_age_seconds{otel_scope_name="ShopifyLlmGuard.Inference"} 3.25
        llm_kv_cache_usage_ratio{otel_scope_name="ShopifyLlmGuard.Inference"} 0.5
        llm_memory_used_bytes{otel_scope_name="ShopifyLlmGuard.Inference",of="machine"} 99
        llm_memory_limit_bytes{otel_scope_name="ShopifyLlmGuard.Inference",of="machine"} 100
        llm_memory_used_bytes{otel_scope_name="ShopifyLlmGuard.Inference",of="gpu-0"} 30
        llm_memory_limit_bytes{otel_scope_name="ShopifyLlmGuard.Inference",of="gpu-0"} 40
        # EOF
        """;

    private const string LlamaCpp = """
        # HELP llamacpp:n_decode_total Total number of llama_decode() calls
        llamacpp:n_decode_total 50000
        llamacpp:requests_processing 3
        llamacpp:requests_deferred 1
        """;

    private const string Vllm = """
        vllm:num_requests_running{engine="0",model_name="a, \"}\" b"} 1.0
        vllm:num_requests_running{engine="1",model_name="m"} 2.0 1789300000000
        vllm:num_requests_waiting{engine="0",model_name="m"} 0.0
        vllm:generation_tokens_total{engine="0",model_name="m"} 1.5e+03
        vllm:prompt_tokens_total{engine="0",model_name="m"} 10.0
        vllm:kv_cache_usage_perc{engine="0",model_name="m"} 0.2
        vllm:kv_cache_usage_perc{engine="1",model_name="m"} 0.95
        """;

    [Fact]
    public async Task The_names_of_three_servers_are_known()
    {
        Assert.Equal(
            new HostReading
            {
                Running = 2, Queued = 1, Computed = 71, BusyFor = TimeSpan.FromSeconds(4.5), LastTokenAge = TimeSpan.FromSeconds(3.25), KvUse = 0.5, GpuUse = 0.75,
            },
            await ReadAsync(Ours));
        Assert.Equal(new HostReading { Running = 3, Queued = 1, Computed = 50000 }, await ReadAsync(LlamaCpp));
        Assert.Equal(new HostReading { Running = 3, Queued = 0, Computed = 1510, KvUse = 0.95 }, await ReadAsync(Vllm));
    }

    [Theory]
    [InlineData("")]
    [InlineData("<html>llm_running</html>")]
    [InlineData("llm_running NaN")]
    [InlineData("llm_running{} ")]
    [InlineData("llm_running}{ 3")]
    [InlineData("{\"llm_running\": 3}")]
    public async Task What_cannot_be_read_is_no_data(string text) => Assert.Equal(new HostReading(), await ReadAsync(text));

    [Fact]
    public async Task A_text_without_end_is_read_to_the_limit_and_a_long_line_is_left_out()
    {
        var text = "llm_running 3\n" + new string('x', 10_000) + " 1\nllm_queued 4\nllm_steps_total 123456";
        Assert.Equal(new HostReading { Running = 3, Queued = 4 }, HostMetrics.Read(await PrometheusText.ReadAsync(
            new StringReader(text), HostMetrics.Knows, text.Length - 3, CancellationToken.None)));
    }

    [Property(MaxTest = 300)]
    public Property Whatever_a_host_writes_is_survived() => Prop.ForAll(ArbMap.Default.ArbFor<string>(), text =>
    {
        _ = PrometheusText.Parse(text ?? "");
        _ = PrometheusText.Parse($"llm_running{{{text}}} {text}");
        return true;
    });

    [Fact]
    public void A_counter_that_stands_while_there_is_work_is_a_standstill()
    {
        var track = ProgressTrack.Nothing;
        foreach (var (second, computed, running, stands) in ((int, double, int, double?)[])
            [(0, 5, 1, 0), (1, 5, 1, 1), (2, 5, 2, 2), (3, 6, 2, 0), (4, 6, 0, null), (5, 6, 1, 0), (6, 6, 1, 1), (7, 1, 1, 0)])
        {
            track = track.Next(new HostReading { Running = running, Computed = computed }, 0.08, Noon.AddSeconds(second));
            Assert.Equal(stands, track.StandsFor(Noon.AddSeconds(second))?.TotalSeconds);
        }

        Assert.Null(track.Next(null, 0.08, Noon.AddSeconds(8)).StandsFor(Noon.AddSeconds(8)));
    }

    [Theory]
    [InlineData(9.0, 4.0, 4.0)]
    [InlineData(2.0, 400.0, 2.0)]
    [InlineData(2.0, null, 2.0)]
    public void A_host_that_tells_its_age_is_believed_at_once(double busy, double? age, double stands)
    {
        var reading = new HostReading
        {
            Running = 1, BusyFor = TimeSpan.FromSeconds(busy), LastTokenAge = age is null ? null : TimeSpan.FromSeconds(age.Value),
        };
        Assert.Equal(stands, ProgressTrack.Nothing.Next(reading, 0.08, Noon).StandsFor(Noon)?.TotalSeconds);
    }

    [Theory]
    [InlineData(0.93, null, 1.0, true)]
    [InlineData(0.93, null, 0.0, false)]
    [InlineData(0.91, null, 1.0, false)]
    [InlineData(null, 0.93, null, true)]
    [InlineData(null, null, 5.0, false)]
    public void Memory_is_too_full_when_others_wait_for_it(double? kv, double? gpu, double? queued, bool isTight)
    {
        var track = ProgressTrack.Nothing.Next(new HostReading { KvUse = kv, GpuUse = gpu, Queued = queued }, 0.08, Noon);
        Assert.Equal(isTight ? 7 : null, track.TightFor(Noon.AddSeconds(7))?.TotalSeconds);
    }

    private static async Task<HostReading> ReadAsync(string text) => HostMetrics.Read(
        await PrometheusText.ReadAsync(new StringReader(text), HostMetrics.Knows, 1 << 20, CancellationToken.None));
}
