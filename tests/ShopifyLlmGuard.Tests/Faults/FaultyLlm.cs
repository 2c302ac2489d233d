using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace ShopifyLlmGuard.Tests.Faults;

/// <summary>
/// A server that plays any number of OpenAI-compatible endpoints at once. The model's name picks the fault: <c>s06.lane-1</c>
/// behaves as <see cref="Behaviours"/> says under <c>s06</c>, and what stands behind the dot tells the endpoints apart.
/// </summary>
internal sealed class FaultyLlm : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentDictionary<string, int> attempts = new();
    private readonly ConcurrentDictionary<string, bool> broken = new();
    private readonly ConcurrentDictionary<HttpTalk, bool> talks = new();
    private readonly Task accepting;
    private long began = Stopwatch.GetTimestamp();

    private FaultyLlm(FaultTimes times)
    {
        Times = times;
        listener.Start(512);
        accepting = AcceptAsync();
    }

    public FaultTimes Times { get; }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    public string Url => $"http://127.0.0.1:{Port}";

    /// <summary>Since the start, or the last <see cref="Reset"/>: outages are told by it.</summary>
    public TimeSpan Clock => Stopwatch.GetElapsedTime(began);

    /// <summary>Every request for an answer, in order of arrival.</summary>
    public ConcurrentQueue<Seen> Requests { get; } = new();

    public static FaultyLlm Start(FaultTimes? times = null) => new(times ?? new FaultTimes());

    /// <summary>Callers' requests that reached a model; probes are counted apart.</summary>
    public IReadOnlyList<Seen> AttemptsAt(string model) => [.. Requests.Where(seen => seen.Model == model && !seen.IsProbe)];

    /// <summary>As long as it is set, every endpoint is well, whatever its name says, unless its lane was broken by itself.</summary>
    public bool IsWell { get; set; }

    /// <summary>All faults, and outages, begin now.</summary>
    public void Break()
    {
        Reset();
        IsWell = false;
    }

    /// <summary>Those of one lane begin now.</summary>
    public void Break(string lane) => broken[lane] = true;

    /// <summary>Nothing was before now.</summary>
    public void Reset()
    {
        began = Stopwatch.GetTimestamp();
        attempts.Clear();
        Requests.Clear();
    }

    public async ValueTask DisposeAsync()
    {
        listener.Stop();
        await accepting;
        foreach (var talk in talks.Keys)
        {
            talk.Dispose();
        }
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var socket = await listener.AcceptSocketAsync();
                socket.NoDelay = true;
                _ = ServeAsync(new HttpTalk(socket));
            }
        }
        catch (Exception end) when (end is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // The listener has stopped.
        }
    }

    private async Task ServeAsync(HttpTalk talk)
    {
        talks[talk] = true;
        using (talk)
        {
            try
            {
                while (await talk.ReadRequestAsync() is { } request && await AnswerAsync(talk, request.Path, request.Body))
                {
                }
            }
            catch (Exception gone) when (gone is IOException or SocketException or ObjectDisposedException or InvalidOperationException)
            {
                // The caller has left, which is what many faults are about.
            }
        }

        talks.TryRemove(talk, out _);
    }

    /// <summary>Whether the connection may carry another request.</summary>
    private async Task<bool> AnswerAsync(HttpTalk talk, string path, byte[] body)
    {
        if (!path.EndsWith("/chat/completions", StringComparison.Ordinal))
        {
            // An endpoint that has its name in its address, too, is out as a whole.
            var isOut = !IsWell && path.StartsWith("/s15.", StringComparison.Ordinal) && Clock < Times.Outage;
            await talk.WholeAsync(isOut ? 503 : 200, "application/json", isOut ? """{"status":"out"}""" : """{"status":"ok","object":"list","data":[]}""");
            return true;
        }

        using var json = JsonDocument.Parse(body);
        var turn = FaultyTurn.Of(json.RootElement, Times, this);
        var attempt = turn.IsProbe ? 0 : attempts.AddOrUpdate(turn.Model, 1, (_, count) => count + 1);
        Requests.Enqueue(new(turn.Model, attempt, turn.Streamed, turn.IsProbe, turn.EndsWithAssistant, turn.Caller, Clock));
        return await Behaviours.Of(turn.Model, IsWell && !broken.ContainsKey(turn.Lane))(turn with { Attempt = attempt }, talk);
    }

    /// <summary>One request as it arrived.</summary>
    public sealed record Seen(string Model, int Attempt, bool Streamed, bool IsProbe, bool EndsWithAssistant, string? Caller, TimeSpan At);
}

/// <summary>What a request asks for. The caller is the lane as <see cref="FaultCaller"/> wrote it into the prompt; null for a probe.</summary>
internal sealed record FaultyTurn(
    string Model, bool Streamed, bool IsProbe, bool EndsWithAssistant, string? Caller, string Words, int Attempt, FaultTimes Times, FaultyLlm Llm)
{
    /// <summary>As a probe does.</summary>
    public bool WantsOneToken { get; init; }

    /// <summary>Whose endpoint it is: <c>s06.lane-1</c> is the lane's first.</summary>
    public string Lane => Model.Split('.', 2) is [_, var name] ? name[..Math.Max(0, name.LastIndexOf('-'))] : "";

    public static FaultyTurn Of(JsonElement body, FaultTimes times, FaultyLlm llm)
    {
        var last = body.GetProperty("messages").EnumerateArray().Last();
        var words = last.GetProperty("content").ToString().Split(FaultCaller.LaneMark);
        return new(
            body.GetProperty("model").GetString()!, body.TryGetProperty("stream", out var stream) && stream.GetBoolean(),
            IsProbe: words.Length == 1, EndsWithAssistant: last.GetProperty("role").GetString() == "assistant",
            Caller: words.ElementAtOrDefault(1)?.TrimEnd('"', ']', '}'), Words: words[0], Attempt: 0, times, llm)
        {
            WantsOneToken = ((string[])["max_completion_tokens", "max_tokens"]).Any(name => body.TryGetProperty(name, out var most) && most.ValueKind == JsonValueKind.Number && most.GetInt32() == 1),
        };
    }
}
