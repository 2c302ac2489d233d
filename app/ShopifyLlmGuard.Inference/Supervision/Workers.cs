using System.Collections.Concurrent;
using System.Net.Sockets;
using ShopifyLlmGuard.Inference.Engine;
using ShopifyLlmGuard.Inference.Heartbeat;

namespace ShopifyLlmGuard.Inference.Supervision;

/// <summary>Starts workers: this program, with the arguments and the environment of the front, and an address of its own.</summary>
internal sealed partial class Workers(IReadOnlyList<string> arguments, InferenceOptions options, TimeProvider clock, ILogger<Workers> logger) : IDisposable
{
    private readonly ConcurrentDictionary<Worker, bool> _living = [];

    private readonly ProcessStarter _starter = new();

    public async Task<Worker> StartAsync(ModelTarget target)
    {
        var sockets = WorkerSockets.New();
        var ear = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            ear.Bind(new UnixDomainSocketEndPoint(sockets.Beat));
            ear.Listen(1);
            var process = await _starter.StartAsync(OwnProgram.With(ArgumentsFor(target, sockets)));
            var worker = new Worker(sockets, ear, process, clock);
            _living[worker] = true;
            return worker;
        }
        catch
        {
            ear.Dispose();
            sockets.Delete();
            throw;
        }
    }

    /// <summary>Asks all of them to end; their answers end at once, with a reason.</summary>
    public void Stop()
    {
        foreach (var worker in _living.Keys)
        {
            Libc.Terminate(worker.Id);
        }
    }

    /// <summary>Ends one when its answers have ended, or when the time for that is over.</summary>
    public async Task RetireAsync(Worker worker)
    {
        await worker.DrainAsync(options.DrainWithin);
        await BuryAsync(worker);
    }

    /// <summary>Ends one and everything that it leaves behind.</summary>
    public async Task BuryAsync(Worker worker)
    {
        await worker.DisposeAsync();
        _living.TryRemove(worker, out _);
        if (!worker.Ended.IsCompleted)
        {
            Log.Outlives(logger, worker.Id);
        }
    }

    public Task BuryAllAsync() => Task.WhenAll(_living.Keys.Select(BuryAsync));

    public void Dispose() => _starter.Dispose();

    // The last of several arguments with one name counts.
    private IEnumerable<string> ArgumentsFor(ModelTarget target, WorkerSockets sockets) =>
    [
        .. arguments,
        "--urls", $"http://unix:{sockets.Http}",
        "--Inference:BeatSocket", sockets.Beat,
        "--model", target.Path,
        "--Inference:ModelSha256", target.Sha256 ?? "",
        .. target.IsTried ? ["--Inference:IsTried", "true"] : Array.Empty<string>(),
        "--Logging:LogLevel:Microsoft.Hosting.Lifetime", "Warning",
    ];

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "Process {Process} was killed and does not end: something in the kernel holds it, a driver mostly, and it may still hold memory. The next worker does not wait for it.")]
        public static partial void Outlives(ILogger logger, int process);
    }
}
