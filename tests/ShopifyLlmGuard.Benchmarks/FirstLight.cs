using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using ShopifyLlmGuard.Browser;

namespace ShopifyLlmGuard.Benchmarks;

/// <summary>The first promise in numbers: storefront answers with a dead model, the guard's idle memory, and the time to a running shop.</summary>
internal static class FirstLight
{
    private const int PerSecond = 200;
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(60);

    public static async Task<Report> RunAsync()
    {
        var (answers, idle, afterLoad) = await WithDeadModelAsync();
        var (cold, warm) = await StartTimes.MeasureAsync();
        var bad = answers.Count(sample => !sample.Good);
        return new(
            "first-light",
            [
                Target.AtMost("storefront answers with a dead LLM at 200 requests/s, p99", OpenLoop.Percentile(answers, 0.99), "ms", 50),
                Target.AtMost("answers that were not 200 with content", bad, "answers", 0),
                Target.AtMost("guard server, resident memory when idle", idle, "MB", 200),
                Target.AtMost("./run, empty NuGet and npm caches, until the shop is up", cold, "s", 300),
                Target.AtMost("./run, warm, until the shop is up", warm, "s", 30),
            ],
            new Dictionary<string, object>
            {
                ["requests"] = answers.Count,
                ["p50Milliseconds"] = Math.Round(OpenLoop.Percentile(answers, 0.5), 2),
                ["maxMilliseconds"] = Math.Round(OpenLoop.Percentile(answers, 1), 2),
                ["memoryAfterLoadMegabytes"] = Math.Round(afterLoad, 1),
                ["load"] = "half chat, half recommendations; open loop; the model's host is killed with SIGKILL at the start; load generator on the same cores",
            });
    }

    private static async Task<(IReadOnlyList<OpenLoop.Sample> Answers, double Idle, double AfterLoad)> WithDeadModelAsync()
    {
        var stack = new RunningShop();
        try
        {
            await stack.StartAsync();
            await stack.InstalledAsync();
            await Task.Delay(TimeSpan.FromSeconds(30), TimeProvider.System);
            var idle = ResidentMegabytes(stack.Guard.Id);
            using var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 256 }) { BaseAddress = new(stack.Guard.Url) };
            var products = stack.ProductIds();
            await OpenLoop.RunAsync(20, TimeSpan.FromSeconds(5), index => SendAsync(http, products, index));
            stack.Inference.KillNow();
            var answers = await OpenLoop.RunAsync(PerSecond, Length, index => SendAsync(http, products, index));
            return (answers, idle, ResidentMegabytes(stack.Guard.Id));
        }
        finally
        {
            await stack.DisposeAsync();
        }
    }

    private static async Task<bool> SendAsync(HttpClient http, IReadOnlyList<long> products, int index)
    {
        using var request = index % 2 == 0
            ? new HttpRequestMessage(HttpMethod.Post, Signed.Query("/proxy/chat")) { Content = JsonContent.Create(new { message = "Which blood pressure monitor is good for travel?" }) }
            : new HttpRequestMessage(HttpMethod.Get, Signed.Query("/proxy/recommendations", ("product_id", products[index % products.Count].ToString()), ("limit", "4")));
        request.Headers.Add("X-Forwarded-For", $"192.0.2.{index % 250}");
        try
        {
            using var response = await http.SendAsync(request);
            using var answer = JsonDocument.Parse(await response.Content.ReadAsStreamAsync());
            return response.IsSuccessStatusCode && answer.RootElement.TryGetProperty("source", out _);
        }
        catch (Exception failure) when (failure is HttpRequestException or JsonException or TaskCanceledException)
        {
            return false;
        }
    }

    private static double ResidentMegabytes(int pid)
    {
        using var process = Process.GetProcessById(pid);
        return process.WorkingSet64 / 1e6;
    }
}
