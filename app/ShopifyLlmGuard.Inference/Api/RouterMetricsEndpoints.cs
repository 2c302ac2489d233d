using System.Globalization;
using ShopifyLlmGuard.Inference.Engine;

namespace ShopifyLlmGuard.Inference.Api;

/// <summary>
/// <c>GET /metrics/vllm</c>: what a Kubernetes inference gateway (llm-d's router and others that implement Gateway API Inference
/// Extension) reads from every model server, under the names that it expects; its option
/// <c>model-server-metrics-path</c> points here. Not on <c>/metrics</c>, because a colon in a name is no good Prometheus.
/// Names and meanings are those of vLLM 0.32.
/// </summary>
internal static class RouterMetricsEndpoints
{
    public static void MapRouterMetrics(this IEndpointRouteBuilder routes) => routes.MapGet("/metrics/vllm", Read);

    private static IResult Read(ModelHost host)
    {
        if (host.Served is not { } served)
        {
            return ApiError.LoadingFor(host.LoadingFor).ToResult();
        }

        var progress = served.Engine.Progress;
        string[] lines =
        [
            .. Metric(served, "num_requests_running", "gauge", "Requests that are being answered.", progress.Running),
            .. Metric(served, "num_requests_waiting", "gauge", "Requests that wait.", served.Engine.Queued),
            .. Metric(served, "kv_cache_usage_perc", "gauge", "Part of the KV cache in use; 1 is all of it.", progress.CellUse),
            .. Metric(served, "prefix_cache_queries_total", "counter", "Prompt tokens looked up.", progress.Prefixes.Queries),
            .. Metric(served, "prefix_cache_hits_total", "counter", "Prompt tokens found.", progress.Prefixes.Hits),
        ];
        return Results.Text(string.Join('\n', lines) + "\n", "text/plain; version=0.0.4");
    }

    private static string[] Metric(ServedModel served, string name, string type, string help, double value) =>
    [
        $"# HELP vllm:{name} {help}",
        $"# TYPE vllm:{name} {type}",
        string.Create(CultureInfo.InvariantCulture, $"vllm:{name}{{model_name=\"{Escape(served.Id)}\"}} {value}"),
    ];

    private static string Escape(string label) =>
        label.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
}
