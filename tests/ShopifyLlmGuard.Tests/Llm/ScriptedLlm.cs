using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace ShopifyLlmGuard.Tests.Llm;

/// <summary>A real HTTP server that speaks the OpenAI wire format and misbehaves as a test tells it to.</summary>
public sealed class ScriptedLlm : IAsyncDisposable
{
    private static readonly JsonSerializerOptions Wire = new() { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };
    private readonly WebApplication app;
    private volatile Func<HttpContext, Task> script;
    private int open;

    private ScriptedLlm(WebApplication app)
    {
        this.app = app;
        script = context => AnswerAsync(context, "You could take a look at [1].");
    }

    public string Url => app.Urls.First();

    /// <summary>The bodies of all requests for an answer, probes' included.</summary>
    public ConcurrentQueue<JsonElement> Requests { get; } = new();

    /// <summary>The deadline headers of the same requests.</summary>
    public ConcurrentQueue<string> Deadlines { get; } = new();

    /// <summary>Who asked and how urgently, as the headers say it.</summary>
    public ConcurrentQueue<(string Caller, string Priority)> Callers { get; } = new();

    /// <summary>Requests that are being answered now.</summary>
    public int Open => open;

    /// <summary>What /health answers; 0 lets it hang.</summary>
    public int Health { get; set; } = 200;

    /// <summary>What /metrics tells; null is a host without it.</summary>
    public Func<string>? Metrics { get; set; }

    /// <summary>What /v1/models tells.</summary>
    public string Models { get; set; } = """{"object":"list","data":[]}""";

    /// <summary>What /props tells, as llama.cpp's server has it; null is a host without it.</summary>
    public string? Props { get; set; }

    /// <summary>The key without which it answers 401; null lets everybody in.</summary>
    public string? Key { get; set; }

    public static async Task<ScriptedLlm> StartAsync(string url = "http://127.0.0.1:0")
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls(url);
        builder.Logging.ClearProviders();
        var app = builder.Build();
        var llm = new ScriptedLlm(app);
        app.Run(llm.ServeAsync);
        await app.StartAsync();
        return llm;
    }

    public void Answers(string text) => script = context => AnswerAsync(context, text);

    public void AnswersAfter(TimeSpan delay, string text) => script = async context =>
    {
        await Task.Delay(delay, TimeProvider.System, context.RequestAborted);
        await AnswerAsync(context, text);
    };

    /// <summary>Accepts, and never says a word.</summary>
    public void Hangs() => script = HangAsync;

    /// <summary>Sends headers and a first role chunk, then nothing.</summary>
    public void HangsAfterHeaders() => script = async context =>
    {
        await ChunkAsync(context, "", role: "assistant");
        await HangAsync(context);
    };

    /// <summary>Sends some words, then nothing, with the connection open.</summary>
    public void StallsAfter(string text) => script = async context =>
    {
        await ChunkAsync(context, text);
        await HangAsync(context);
    };

    /// <summary>Sends some words, then cuts the connection.</summary>
    public void DiesAfter(string text) => script = async context =>
    {
        await ChunkAsync(context, text);

        // A reset overtakes what was sent just before it; the words shall arrive first.
        await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, context.RequestAborted);
        context.Abort();
    };

    /// <summary>Sends some words and ends the stream as if all were well, but the model never said that it was done.</summary>
    public void EndsWithoutFinishing(string text) => script = async context =>
    {
        await ChunkAsync(context, text);
        await context.Response.WriteAsync("data: [DONE]\n\n");
    };

    public void FinishesWith(string reason, string text) => script = context => AnswerAsync(context, text, reason);

    public void Refuses(int status, string? retryAfter = null) => script = context =>
    {
        context.Response.StatusCode = status;
        if (retryAfter is not null)
        {
            context.Response.Headers.RetryAfter = retryAfter;
        }

        return context.Response.WriteAsync("""{"error":{"message":"no","type":"server_error"}}""");
    };

    public void SpeaksGarbage() => script = async context =>
    {
        await context.Response.WriteAsync("data: {\"choices\": oops\n\n<html>");
    };

    /// <summary>One word every <paramref name="gap"/>, without end.</summary>
    public void Drips(TimeSpan gap) => script = async context =>
    {
        while (true)
        {
            await ChunkAsync(context, "word ");
            await Task.Delay(gap, TimeProvider.System, context.RequestAborted);
        }
    };

    public void Redirects(string url) => script = context =>
    {
        context.Response.StatusCode = 307;
        context.Response.Headers.Location = url + "/v1/chat/completions";
        return Task.CompletedTask;
    };

    /// <summary>First one thing, from the second request on another.</summary>
    public void First(Action<ScriptedLlm> first, Action<ScriptedLlm> then)
    {
        then(this);
        var later = script;
        first(this);
        var once = script;
        var asked = 0;
        script = context => Interlocked.Increment(ref asked) == 1 ? once(context) : later(context);
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.Zero);
        await app.StopAsync(now.Token);
        await app.DisposeAsync();
    }

    private static Task HangAsync(HttpContext context)
    {
        var gone = new TaskCompletionSource();
        context.RequestAborted.Register(() => gone.TrySetResult());
        return gone.Task;
    }

    private static async Task AnswerAsync(HttpContext context, string text, string finish = "stop")
    {
        foreach (var word in text.Split(' '))
        {
            await ChunkAsync(context, word == text.Split(' ')[0] ? word : " " + word);
        }

        await ChunkAsync(context, "", finish: finish);
        await context.Response.WriteAsync("data: [DONE]\n\n");
    }

    private static async Task ChunkAsync(HttpContext context, string text, string? finish = null, string? role = null)
    {
        var chunk = new
        {
            id = "chatcmpl-1", @object = "chat.completion.chunk", created = 1, model = "scripted",
            choices = new[] { new { index = 0, delta = new { role, content = text }, finish_reason = finish } },
            usage = finish is null ? null : new { prompt_tokens = 11, completion_tokens = 7, total_tokens = 18 },
        };
        await context.Response.WriteAsync($"data: {JsonSerializer.Serialize(chunk, Wire)}\n\n");
        await context.Response.Body.FlushAsync();
    }

    private Task TellAsync(HttpContext context)
    {
        var told = context.Request.Path.Value switch { "/metrics" => Metrics?.Invoke(), "/props" => Props, _ => Models };
        context.Response.StatusCode = told is null ? 404 : 200;
        return context.Response.WriteAsync(told ?? "");
    }

    private async Task ServeAsync(HttpContext context)
    {
        Interlocked.Increment(ref open);
        try
        {
            if (context.Request.Path == "/health")
            {
                context.Response.StatusCode = Health == 0 ? 200 : Health;
                await (Health == 0 ? HangAsync(context) : Task.CompletedTask);
                return;
            }

            if (context.Request.Method == "GET")
            {
                await TellAsync(context);
                return;
            }

            if (Key is not null && context.Request.Headers.Authorization != $"Bearer {Key}")
            {
                context.Response.StatusCode = 401;
                return;
            }

            context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
            var body = await JsonSerializer.DeserializeAsync<JsonElement>(context.Request.Body);
            Requests.Enqueue(body);
            Deadlines.Enqueue(context.Request.Headers["X-Deadline-Ms"].ToString());
            Callers.Enqueue((context.Request.Headers["X-Caller"].ToString(), context.Request.Headers["X-Priority"].ToString()));
            context.Response.ContentType = "text/event-stream";
            await script(context);
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            // The caller has left; that is what many of the tests are about.
        }
        finally
        {
            Interlocked.Decrement(ref open);
        }
    }
}
