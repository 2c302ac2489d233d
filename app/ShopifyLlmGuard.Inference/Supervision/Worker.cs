using System.Diagnostics;
using System.Net.Sockets;
using System.Text.Json;
using ShopifyLlmGuard.Inference.Heartbeat;

namespace ShopifyLlmGuard.Inference.Supervision;

/// <summary>One child process with one model: what it says, who is in it, and its end.</summary>
internal sealed class Worker : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan PatienceAtTheEnd = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan PatienceAfterIt = TimeSpan.FromSeconds(2);

    private readonly WorkerSockets _sockets;
    private readonly Process _process;
    private readonly TimeProvider _clock;
    private readonly Socket _ear;
    private readonly Entrance _entrance = new();
    private readonly CancellationTokenSource _isOver = new();
    private readonly CancellationTokenSource _isGivenUp = new();
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile Beat? _last;
    private readonly long _startedAt;
    private long _lastAt;
    private long _readyAt;
    private int _broken;
    private volatile bool _isKilled;

    public Worker(WorkerSockets sockets, Socket ear, Process process, TimeProvider clock)
    {
        (_sockets, _ear, _process, _clock) = (sockets, ear, process, clock);
        _startedAt = _lastAt = clock.GetTimestamp();
        Http = WorkerHttp.Create(sockets.Http);
        Ended = EndAsync();
        Listening = ListenAsync();
    }

    public int Id => _process.Id;

    public HttpMessageInvoker Http { get; }

    /// <summary>Completes with the process, with its exit code.</summary>
    public Task<int> Ended { get; }

    /// <summary>Completes when the model answers; never when it does not.</summary>
    public Task Ready => _ready.Task;

    /// <summary>What it said last; null before the first time.</summary>
    public Beat? Last => _last;

    public TimeSpan BeatAge => _clock.GetElapsedTime(Volatile.Read(ref _lastAt));

    /// <summary>How long it has been ready; nothing when it never was.</summary>
    public TimeSpan ReadyFor => Volatile.Read(ref _readyAt) is not 0 and var readyAt ? _clock.GetElapsedTime(readyAt) : default;

    /// <summary>How long it took to become ready, or how long it has been trying.</summary>
    public TimeSpan LoadTime => _clock.GetElapsedTime(_startedAt) - ReadyFor;

    /// <summary>Cancelled when it is killed: a process that the kernel holds keeps its connections, and nothing comes of them any more.</summary>
    public CancellationToken GivenUp => _isGivenUp.Token;

    /// <summary>How many requests in a row broke off.</summary>
    public int Broken => Volatile.Read(ref _broken);

    private Task Listening { get; }

    /// <summary>Waits for the last words of a process that has ended.</summary>
    public async Task<string?> FailureAsync()
    {
        await Listening.WaitAsync(TimeSpan.FromSeconds(1), _clock).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return _last?.Failure;
    }

    /// <summary>Counts a request in; false when this worker takes no more.</summary>
    public bool TryEnter() => _entrance.TryEnter();

    public void Leave() => _entrance.Leave();

    /// <summary>True while requests are in it.</summary>
    public bool IsInUse => !_entrance.IsEmpty;

    /// <summary>A request has ended, with a whole answer of any kind, or broken off.</summary>
    public void Note(bool isWhole)
    {
        if (isWhole)
        {
            Volatile.Write(ref _broken, 0);
        }
        else
        {
            Interlocked.Increment(ref _broken);
        }
    }

    /// <summary>Asks it how it is, on connections of their own, until it answers or the limit is over; a full socket may have room soon.</summary>
    public async Task<bool> AnswersAsync(TimeSpan limit, CancellationToken stopping)
    {
        using var over = new CancellationTokenSource(limit, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(over.Token, stopping);
        using var http = WorkerHttp.Create(_sockets.Http);
        while (!either.IsCancellationRequested && !Ended.IsCompleted)
        {
            try
            {
                using var question = new HttpRequestMessage(HttpMethod.Get, $"{WorkerHttp.Prefix}/health");
                using var answer = await http.SendAsync(question, either.Token);
                return answer.IsSuccessStatusCode;
            }
            catch (Exception error) when (error is HttpRequestException or OperationCanceledException)
            {
                await Task.Delay(Pause, _clock, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        stopping.ThrowIfCancellationRequested();
        return false;
    }

    public void Kill()
    {
        _isKilled = true;
        _ = _isGivenUp.CancelAsync();
        if (!_process.HasExited)
        {
            _process.Kill();
        }
    }

    /// <summary>Takes no more requests, waits for those that are in it, within the limit, and ends it.</summary>
    public async Task DrainAsync(TimeSpan limit)
    {
        await ((Task)Task.WhenAny(Ended, _entrance.Close())).WaitAsync(limit, _clock).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await DisposeAsync();
    }

    /// <summary>
    /// Asks it to end, unless it was killed, and makes it end when it does not. Always over in seconds: what a driver holds in the kernel
    /// outlives its SIGKILL, and <see cref="Ended"/> does not complete then.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (!Ended.IsCompleted && !_isKilled)
        {
            Libc.Terminate(Id);
            await ((Task)Ended).WaitAsync(PatienceAtTheEnd, _clock).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Kill();
        }

        await ((Task)Ended).WaitAsync(PatienceAfterIt, _clock).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _ear.Dispose();
        await _isOver.CancelAsync();
        await Listening;
        Http.Dispose();
        _sockets.Delete();
    }

    private async Task<int> EndAsync()
    {
        await _process.WaitForExitAsync();
        return _process.ExitCode;
    }

    private async Task ListenAsync()
    {
        try
        {
            using var voice = await _ear.AcceptAsync(_isOver.Token);
            using var lines = new StreamReader(new NetworkStream(voice));
            while (await lines.ReadLineAsync(_isOver.Token) is { } line)
            {
                _last = JsonSerializer.Deserialize(line, BeatJson.Default.Beat);
                Volatile.Write(ref _lastAt, _clock.GetTimestamp());
                if (_last?.Health.Status == "ok")
                {
                    Interlocked.CompareExchange(ref _readyAt, _clock.GetTimestamp(), 0);
                    _ready.TrySetResult();
                }
            }
        }
        catch (Exception error) when (error is SocketException or IOException or ObjectDisposedException or JsonException or OperationCanceledException)
        {
            // It ended in the middle of a word.
        }
    }
}
