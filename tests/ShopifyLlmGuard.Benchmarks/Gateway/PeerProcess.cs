using System.Diagnostics;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ShopifyLlmGuard.Browser;
using Yarp.ReverseProxy.Configuration;

namespace ShopifyLlmGuard.Benchmarks.Gateway;

/// <summary>This program once more, in a process of its own: as an upstream that answers at once, or as a plain YARP or a plain handler before it.</summary>
internal sealed class PeerProcess : IAsyncDisposable
{
    public const string Serve = "serve", Upstream = "upstream", Yarp = "yarp", Plain = "plain";
    private const string Text = "You could take a look at [1].";

    private static readonly byte[] Whole = JsonSerializer.SerializeToUtf8Bytes(new
    {
        id = "chatcmpl-1", @object = "chat.completion", created = 1, model = "instant",
        choices = new[] { new { index = 0, message = new { role = "assistant", content = Text }, finish_reason = "stop" } },
        usage = new { prompt_tokens = 20, completion_tokens = 8, total_tokens = 28 },
    });

    private static readonly byte[] Events = System.Text.Encoding.UTF8.GetBytes(
        $$$"""
        data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"instant","choices":[{"index":0,"delta":{"role":"assistant","content":"{{{Text}}}"},"finish_reason":null}]}

        data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"instant","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":20,"completion_tokens":8,"total_tokens":28}}

        data: [DONE]


        """);

    private readonly Process process;

    private PeerProcess(Process process, string url) => (this.process, Url) = (process, url);

    public string Url { get; }

    public int Pid => process.Id;

    public static async Task<PeerProcess> StartAsync(string what, string? target = null)
    {
        var url = $"http://127.0.0.1:{Programs.FreePort()}";
        string[] words = [Serve, what, url, .. target is null ? Array.Empty<string>() : [target]];
        var peer = new PeerProcess(Process.Start(new ProcessStartInfo(Environment.ProcessPath!, words) { RedirectStandardOutput = true })!, url);
        await peer.process.StandardOutput.ReadLineAsync();
        return peer;
    }

    /// <summary>What the other process does, until it is killed.</summary>
    public static async Task RunAsync(string what, string url, string? target)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls(url);
        builder.Logging.ClearProviders();
        if (what == Yarp)
        {
            builder.Services.AddReverseProxy().LoadFromMemory(
                [new RouteConfig { RouteId = "all", ClusterId = "one", Match = new() { Path = "{**all}" } }],
                [new ClusterConfig { ClusterId = "one", Destinations = new Dictionary<string, DestinationConfig> { ["one"] = new() { Address = target! } } }]);
        }

        await using var app = builder.Build();
        if (what == Yarp)
        {
            app.MapReverseProxy();
        }
        else
        {
            app.Run(what == Plain ? new PlainHandler(target!).AnswerAsync : AnswerAsync);
        }

        app.Lifetime.ApplicationStarted.Register(() => Console.WriteLine("ready"));
        await app.RunAsync();
    }

    public async ValueTask DisposeAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
    }

    private static async Task AnswerAsync(HttpContext context)
    {
        var streamed = context.Request.ContentLength > 0
            && (await JsonDocument.ParseAsync(context.Request.Body)).RootElement is var body && body.TryGetProperty("stream", out var stream) && stream.ValueKind == JsonValueKind.True;
        context.Response.ContentType = streamed ? "text/event-stream" : "application/json";
        await context.Response.Body.WriteAsync(streamed ? Events : Whole);
    }
}
