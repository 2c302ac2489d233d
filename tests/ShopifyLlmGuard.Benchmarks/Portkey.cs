using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using ShopifyLlmGuard.Browser;

namespace ShopifyLlmGuard.Benchmarks;

/// <summary>The Portkey gateway, as npm has it, in a process of its own.</summary>
internal sealed class Portkey : IAsyncDisposable
{
    public const string Version = "1.15.2";

    private static readonly JsonSerializerOptions Wire = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    private readonly Process process;

    private Portkey(Process process, string url) => (this.process, Url) = (process, url);

    public string Url { get; }

    public int Pid => process.Id;

    /// <summary>Installs it once beside the build's own output, which git ignores, and starts it.</summary>
    /// <param name="cores">The cores that it may use; null for all.</param>
    /// <param name="streams">Helps it over the error with which the package ends every stream, see <c>Peer/portkey-streams.mjs</c>.</param>
    public static async Task<Portkey> StartAsync(string? cores = null, bool streams = false)
    {
        var folder = Path.Combine(Programs.Root, "artifacts", "portkey-" + Version);
        var script = Path.Combine(folder, "node_modules", "@portkey-ai", "gateway", "build", "start-server.js");
        if (!File.Exists(script))
        {
            Directory.CreateDirectory(folder);
            using var npm = Process.Start(new ProcessStartInfo("npm", ["install", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund", $"@portkey-ai/gateway@{Version}"]) { RedirectStandardOutput = true })!;
            await npm.WaitForExitAsync();
        }

        var port = Programs.FreePort();
        string[] help = streams ? ["--import", Path.Combine(Programs.Root, "tests", "ShopifyLlmGuard.Benchmarks", "Peer", "portkey-streams.mjs")] : [];
        string[] node = ["node", .. help, script, string.Create(CultureInfo.InvariantCulture, $"--port={port}"), "--headless"];
        string[] words = cores is null ? node : ["taskset", "-c", cores, .. node];
        var process = Process.Start(new ProcessStartInfo(words[0], words[1..]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        process.OutputDataReceived += static (_, _) => { };
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var portkey = new Portkey(process, $"http://127.0.0.1:{port}");
        using var http = new HttpClient(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(1) }) { Timeout = TimeSpan.FromSeconds(2) };
        await Eventually.TrueAsync(() => AnswersAsync(http, portkey.Url), "the Portkey gateway answers", 60);
        return portkey;
    }

    /// <summary>
    /// FailoverBench's baseline: two more tries at the first target on 429 and 5xx, its Retry-After honoured, 30 s for a request,
    /// then the next target.
    /// </summary>
    public static Dictionary<string, string> Headers(params (string Url, string Model)[] targets) => new()
    {
        ["x-portkey-config"] = JsonSerializer.Serialize(new
        {
            strategy = new { mode = "fallback" }, request_timeout = 30_000,
            targets = targets.Select((target, index) => new Hop(
                "openai", "none", target.Url + "/v1", new(target.Model), index == 0 ? new(2, [429, 500, 502, 503, 504], true) : null)),
        }, Wire),
    };

    public async ValueTask DisposeAsync()
    {
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        process.Dispose();
    }

    private static async Task<bool> AnswersAsync(HttpClient http, string url)
    {
        try
        {
            using var response = await http.GetAsync(new Uri(url));
            return response.IsSuccessStatusCode;
        }
        catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }

    private sealed record Hop(string Provider, string ApiKey, string CustomHost, Overridden OverrideParams, Retries? Retry);

    private sealed record Overridden(string Model);

    private sealed record Retries(int Attempts, int[] OnStatusCodes, bool UseRetryAfterHeader);
}
