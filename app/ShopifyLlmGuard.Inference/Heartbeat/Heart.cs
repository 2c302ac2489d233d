using System.Diagnostics;
using System.Net.Sockets;
using System.Text.Json;
using ShopifyLlmGuard.Inference.Api;
using ShopifyLlmGuard.Inference.Engine;

namespace ShopifyLlmGuard.Inference.Heartbeat;

/// <summary>
/// The worker's side of the watch: tells the front what the model does, on a thread and a socket of its own, so that
/// it waits neither for decoding nor for the server's threads. A worker whose front is gone ends.
/// </summary>
internal sealed class Heart(InferenceOptions options, ModelHost host, TimeProvider clock) : IHostedService, IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    private readonly ManualResetEventSlim _stopping = new();
    private Thread? _thread;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _thread = new Thread(Beat) { Name = "heart", IsBackground = true };
        _thread.Start();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        Stop();
        return Task.CompletedTask;
    }

    // A host that gives up while it starts is disposed of without being stopped.
    public void Dispose() => Stop();

    private void Stop()
    {
        _stopping.Set();
        // For the last words; a front that does not read them is not waited for.
        _thread?.Join(TimeSpan.FromSeconds(1));
    }

    private void Beat()
    {
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            socket.Connect(new UnixDomainSocketEndPoint(options.BeatSocket!));
            while (!_stopping.Wait(Pause))
            {
                Send(socket);
            }

            Send(socket);
        }
        catch (SocketException)
        {
            // The front is gone, however it went: nobody would ever end this process.
            Process.GetCurrentProcess().Kill();
        }
    }

    private void Send(Socket socket)
    {
        var busyFor = host.Served?.Engine.Progress.BusyFor;
        var beat = new Beat(HealthEndpoints.Of(host, clock), (long?)busyFor?.TotalMilliseconds, host.Failure);
        ReadOnlySpan<byte> line = [.. JsonSerializer.SerializeToUtf8Bytes(beat, BeatJson.Default.Beat), (byte)'\n'];
        while (line.Length > 0)
        {
            line = line[socket.Send(line)..];
        }
    }
}
