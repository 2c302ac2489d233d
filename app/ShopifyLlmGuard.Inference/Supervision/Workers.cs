using System.Collections.Concurrent;
using System.Net.Sockets;
using ShopifyLlmGuard.Inference.Engine;

namespace ShopifyLlmGuard.Inference.Supervision;

/// <summary>Starts workers: this program, with the arguments and the environment of the front, and an address of its own.</summary>
internal sealed class Workers(IReadOnlyList<string> arguments, InferenceOptions options, TimeProvider clock) : IDisposable
{
    private readonly ConcurrentDictionary<Worker, bool> _living = [];

    // Readable by this user only: that is the proof of identity on these sockets.
    private readonly string _folder = Directory.CreateTempSubdirectory("llm-guard-").FullName;
    private readonly ProcessStarter _starter = new();
    private int _number;

    public async Task<Worker> StartAsync(ModelTarget target)
    {
        var number = Interlocked.Increment(ref _number);
        var sockets = new WorkerSockets(Path.Combine(_folder, $"{number}.http"), Path.Combine(_folder, $"{number}.beat"));
        var ear = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        ear.Bind(new UnixDomainSocketEndPoint(sockets.Beat));
        ear.Listen(1);
        var process = await _starter.StartAsync(OwnProgram.With(ArgumentsFor(target, sockets)));
        var worker = new Worker(sockets, ear, process, clock);
        _living[worker] = true;
        return worker;
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
    }

    public Task BuryAllAsync() => Task.WhenAll(_living.Keys.Select(BuryAsync));

    public void Dispose()
    {
        _starter.Dispose();
        try
        {
            Directory.Delete(_folder, recursive: true);
        }
        catch (IOException)
        {
            // Left to the system's own cleaning of temporary files.
        }
    }

    // The last of several arguments with one name counts.
    private IEnumerable<string> ArgumentsFor(ModelTarget target, WorkerSockets sockets) =>
    [
        .. arguments,
        "--urls", $"http://unix:{sockets.Http}",
        "--Inference:BeatSocket", sockets.Beat,
        "--model", target.Path,
        "--Inference:ModelSha256", target.Sha256 ?? "",
        .. target.IsTried ? ["--Inference:Trial", "false"] : Array.Empty<string>(),
        "--Logging:LogLevel:Microsoft.Hosting.Lifetime", "Warning",
    ];
}

/// <param name="Http">Where the worker's API listens.</param>
/// <param name="Beat">Where the front listens for its beats.</param>
internal sealed record WorkerSockets(string Http, string Beat)
{
    public void Delete()
    {
        File.Delete(Http);
        File.Delete(Beat);
    }
}
