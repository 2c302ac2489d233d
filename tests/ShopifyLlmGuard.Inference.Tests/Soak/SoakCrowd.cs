using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace ShopifyLlmGuard.Inference.Tests.Soak;

/// <summary>
/// Callers at twice the capacity, however fast the machine is: every request that is over is followed by two new ones, and a
/// refused one by none. So the host is offered twice what it finishes.
/// </summary>
internal sealed class SoakCrowd(HostProcess host, int least, int seed)
{
    private readonly ConcurrentDictionary<string, int> _outcomes = [];
    private int _drawn = seed;
    private int _inFlight;
    private volatile bool _isOver;

    /// <summary>How many ended how; what is not one of the known words is wrong.</summary>
    public IReadOnlyDictionary<string, int> Outcomes => _outcomes;

    public int InFlight => Volatile.Read(ref _inFlight);

    public IReadOnlyList<string> Wrong =>
        [.. _outcomes.Keys.Where(outcome => outcome is not ("answered" or "refused" or "deadline" or "left" or "died"))];

    public override string ToString() => string.Join(", ", _outcomes.OrderBy(each => each.Key, StringComparer.Ordinal).Select(each => $"{each.Value} {each.Key}"));

    /// <summary>Sees to it that there are some.</summary>
    public void Rouse()
    {
        while (InFlight < least && !_isOver)
        {
            Launch();
        }
    }

    /// <summary>Nobody new comes; completes when the last one has gone.</summary>
    public async Task EndAsync(TimeSpan limit)
    {
        _isOver = true;
        for (var began = Stopwatch.GetTimestamp(); InFlight > 0 && Stopwatch.GetElapsedTime(began) < limit;)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        }
    }

    private void Launch()
    {
        if (!_isOver)
        {
            Interlocked.Increment(ref _inFlight);
            _ = Task.Run(LiveAsync);
        }
    }

    private async Task LiveAsync()
    {
        var request = SoakRequest.Draw(new Random(Interlocked.Increment(ref _drawn)));
        var outcome = await OutcomeAsync(request);
        _outcomes.AddOrUpdate(outcome, 1, (_, count) => count + 1);
        Interlocked.Decrement(ref _inFlight);
        if (outcome != "refused")
        {
            Launch();
            Launch();
        }
    }

    private async Task<string> OutcomeAsync(SoakRequest request)
    {
        using var leaving = new CancellationTokenSource();
        try
        {
            return request.Dies ? await DieAsync(request) : await AskAsync(request, leaving);
        }
        catch (OperationCanceledException) when (leaving.IsCancellationRequested)
        {
            return "left";
        }
        catch (Exception error)
        {
            return $"{error.GetType().Name}: {error.Message}";
        }
    }

    private async Task<string> AskAsync(SoakRequest request, CancellationTokenSource leaving)
    {
        var began = Stopwatch.GetTimestamp();
        if (request.LeavesAfter is { } patience)
        {
            leaving.CancelAfter(patience);
        }

        using var message = request.ToMessage();
        using var response = await host.Http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, leaving.Token);
        var body = await response.Content.ReadAsStringAsync(leaving.Token);
        return request.Judge(response, body, Stopwatch.GetElapsedTime(began));
    }

    // As a killed browser does: the socket is reset after the first bytes.
    private async Task<string> DieAsync(SoakRequest request)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { LingerState = new LingerOption(true, 0) };
        var address = host.Http.BaseAddress!;
        await socket.ConnectAsync(address.Host, address.Port, limit.Token);
        var body = JsonSerializer.SerializeToUtf8Bytes(request.Body);
        var head = $"POST /v1/chat/completions HTTP/1.1\r\nHost: {address.Authority}\r\nContent-Type: application/json\r\n"
            + $"X-Caller: shop-{request.Letter}\r\nX-Priority: {request.Priority}\r\nContent-Length: {body.Length}\r\n\r\n";
        await socket.SendAsync(Encoding.ASCII.GetBytes(head).Concat(body).ToArray(), limit.Token);
        var first = new byte[16];
        var length = await socket.ReceiveAsync(first, limit.Token);
        return Encoding.ASCII.GetString(first, 0, length).Contains(" 429", StringComparison.Ordinal) ? "refused" : "died";
    }
}
