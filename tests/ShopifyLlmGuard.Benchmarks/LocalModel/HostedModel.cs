using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using ShopifyLlmGuard.Browser;
using ShopifyLlmGuard.Inference.Llama;

namespace ShopifyLlmGuard.Benchmarks.LocalModel;

/// <summary>The inference host as it is shipped, on one thread, asked over HTTP by streams.</summary>
internal sealed class HostedModel : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private readonly Process _process;

    private HostedModel(Process process, int port)
    {
        _process = process;
        Http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 1024 })
        {
            BaseAddress = new Uri($"http://127.0.0.1:{port}"),
            Timeout = Patience,
        };
    }

    public HttpClient Http { get; }

    /// <summary>From the start of the process until the model answered.</summary>
    public TimeSpan StartTime { get; private set; }

    public static async Task<HostedModel> StartAsync(string model, params IEnumerable<string> arguments)
    {
        var port = Programs.FreePort();
        var began = Stopwatch.GetTimestamp();
        var start = Cores.Start(
            Programs.Path("ShopifyLlmGuard.Inference"),
            ["--model", model, "--urls", $"http://127.0.0.1:{port}", "--Inference:Threads", "1", "--Logging:LogLevel:Default", "Warning", .. arguments]);
        var host = new HostedModel(Process.Start(start)!, port);
        // Read, so that a host with much to say never waits for a reader.
        _ = host._process.StandardOutput.BaseStream.CopyToAsync(Stream.Null);
        await host.UntilReadyAsync();
        host.StartTime = Stopwatch.GetElapsedTime(began);
        return host;
    }

    public async Task<JsonElement> HealthAsync() => await Http.GetFromJsonAsync<JsonElement>("/health");

    /// <summary>Asks, and reads the answer to its end.</summary>
    /// <param name="question">What to ask.</param>
    /// <param name="mostTokens">The length of the answer.</param>
    /// <param name="system">What stands before the question; null for nothing.</param>
    /// <param name="sampling">How tokens are chosen; null takes the likeliest.</param>
    public async Task<Reply> AskAsync(string question, int mostTokens, string? system = null, SamplingSettings? sampling = null)
    {
        object[] messages = system is null
            ? [new { role = "user", content = question }]
            : [new { role = "system", content = system }, new { role = "user", content = question }];
        var how = sampling ?? SamplingSettings.Greedy;
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions")
        {
            Content = JsonContent.Create(new
            {
                messages, max_tokens = mostTokens, temperature = how.Temperature, top_p = how.TopP, top_k = how.TopK, seed = how.Seed, stream = true, stream_options = new { include_usage = true },
            }),
        };
        var began = Stopwatch.GetTimestamp();
        using var response = await Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        // The first event carries the first words.
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync());
        var first = await lines.ReadLineAsync();
        var firstToken = Stopwatch.GetElapsedTime(began);
        var rest = await lines.ReadToEndAsync();
        return new Reply(response.StatusCode, firstToken, Stopwatch.GetElapsedTime(began), first + rest);
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private async Task UntilReadyAsync()
    {
        using var limit = new CancellationTokenSource(Patience);
        while (true)
        {
            try
            {
                using var response = await Http.GetAsync("/health", limit.Token);
                if (response.StatusCode == HttpStatusCode.OK)
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // It does not listen yet.
            }

            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, limit.Token);
        }
    }
}

/// <param name="Status">The HTTP status.</param>
/// <param name="FirstToken">From the request to its first words.</param>
/// <param name="Whole">From the request to the end.</param>
/// <param name="Body">All events, or the refusal.</param>
internal sealed record Reply(HttpStatusCode Status, TimeSpan FirstToken, TimeSpan Whole, string Body)
{
    public bool IsWhole => Status == HttpStatusCode.OK && Body.EndsWith("data: [DONE]\n\n", StringComparison.Ordinal);

    public bool Spent(int promptTokens, int answerTokens) => IsWhole
        && Body.Contains($"\"prompt_tokens\":{promptTokens},\"completion_tokens\":{answerTokens},", StringComparison.Ordinal);
}
