using System.Diagnostics.Metrics;
using System.Text;
using ShopifyLlmGuard.Inference.Engine;
using ShopifyLlmGuard.Inference.Supervision;

namespace ShopifyLlmGuard.Inference.Proxy;

/// <summary><c>GET /metrics</c> of the front: its own, and the worker's when that answers in time. One address for both.</summary>
internal static class FrontMetrics
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>Registers what the front itself knows of its worker.</summary>
    public static void Observe(IMeterFactory meters, Serving serving, Restarts restarts)
    {
        var meter = meters.Create(InferenceMeter.Name);
        meter.CreateObservableGauge("llm.worker.up", () => serving.Worker is null ? 0 : 1, description: "1 while a worker serves.");
        meter.CreateObservableGauge(
            "llm.worker.unstable", () => restarts.IsUnstable ? 1 : 0, description: "1 after three restarts within ten minutes.");
    }

    /// <summary>Runs around the exporter of the front's own metrics.</summary>
    public static async Task AddWorkerAsync(HttpContext http, RequestDelegate next)
    {
        var reader = http.Response.Body;
        using var own = new MemoryStream();
        http.Response.Body = own;
        // The exporter's other format has an end mark, and two of them are no document.
        http.Request.Headers.Accept = "text/plain";
        await next(http);
        http.Response.Body = reader;
        http.Response.ContentLength = null;
        var text = Encoding.UTF8.GetString(own.ToArray());
        var worker = await WorkerTextAsync(http.RequestServices, http.RequestAborted);
        await http.Response.WriteAsync(Merge(text, worker), http.RequestAborted);
    }

    /// <summary>Both documents as one: a family that the first has is left out of the second.</summary>
    public static string Merge(string first, string second)
    {
        var known = first.Split('\n').Where(line => line.StartsWith("# TYPE ", StringComparison.Ordinal)).Select(NameOf).ToHashSet();
        var merged = new StringBuilder(string.Join('\n', first.Split('\n').Where(line => line != "# EOF")));
        var keeps = true;
        foreach (var line in second.Split('\n').Where(line => line.Length > 0 && line != "# EOF"))
        {
            keeps = line[0] == '#' ? !known.Contains(NameOf(line)) : keeps;
            if (keeps)
            {
                merged.Append(line).Append('\n');
            }
        }

        return merged.ToString();
    }

    private static string NameOf(string line) => line.Split(' ') is [_, _, { } name, ..] ? name : "";

    private static async Task<string> WorkerTextAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        if (services.GetRequiredService<Serving>().Worker is not { } worker)
        {
            return "";
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"{WorkerHttp.Prefix}/metrics");
            request.Headers.Add("Accept", "text/plain");
            using var response = await worker.Http.SendAsync(request, limit.Token);
            return response.IsSuccessStatusCode ? await response.Content.ReadAsStringAsync(limit.Token) : "";
        }
        catch (Exception error) when (error is HttpRequestException or OperationCanceledException or IOException or ObjectDisposedException)
        {
            return "";
        }
    }
}
