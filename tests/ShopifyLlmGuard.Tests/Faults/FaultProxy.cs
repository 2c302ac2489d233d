using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace ShopifyLlmGuard.Tests.Faults;

/// <summary>What a <see cref="FaultProxy"/> does to the bytes.</summary>
internal enum WireFault
{
    None,

    /// <summary>Nobody listens.</summary>
    Refused,

    /// <summary>Accepts, reads nothing, says nothing.</summary>
    BlackHole,

    /// <summary>Resets the connection after <see cref="FaultProxy.Bytes"/> bytes of the answer.</summary>
    Reset,

    /// <summary>Ends the connection politely after <see cref="FaultProxy.Bytes"/> bytes of the answer.</summary>
    Cut,

    /// <summary>One byte every <see cref="FaultProxy.Pace"/>.</summary>
    Drip,

    /// <summary>Each piece of the answer comes <see cref="FaultProxy.Pace"/> later.</summary>
    Late,
}

/// <summary>A real TCP proxy on a port of its own that breaks connections as it is told, also while they are open.</summary>
internal sealed class FaultProxy(int target) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<Socket, bool> open = new();
    private TcpListener? listener;
    private int port;
    private int accepted;
    private WireFault fault;

    /// <summary>Fixed at the first start, so that a refusing proxy can come back where it was.</summary>
    public int Port => port;

    public string Url => $"http://127.0.0.1:{port}";

    public int Accepted => accepted;

    public int Bytes { get; init; } = 600;

    public TimeSpan Pace { get; init; } = TimeSpan.FromMilliseconds(50);

    public static FaultProxy Start(int target, WireFault fault = WireFault.None)
    {
        var proxy = new FaultProxy(target);
        proxy.Listen();
        proxy.Set(fault);
        return proxy;
    }

    /// <summary>From now on, also for open connections.</summary>
    public void Set(WireFault next)
    {
        var before = fault;
        fault = next;
        if (next == WireFault.Refused)
        {
            listener?.Stop();
            listener = null;
            Abort();
        }
        else if (before == WireFault.Refused)
        {
            Listen();
        }
    }

    /// <summary>Resets what is open now.</summary>
    public void Abort()
    {
        foreach (var socket in open.Keys)
        {
            socket.Close(timeout: 0);
        }
    }

    public ValueTask DisposeAsync()
    {
        listener?.Stop();
        listener = null;
        Abort();
        return ValueTask.CompletedTask;
    }

    private void Listen()
    {
        listener = new TcpListener(IPAddress.Loopback, port);
        listener.Start(512);
        port = ((IPEndPoint)listener.LocalEndpoint).Port;
        _ = AcceptAsync(listener);
    }

    private async Task AcceptAsync(TcpListener from)
    {
        try
        {
            while (true)
            {
                var caller = await from.AcceptSocketAsync();
                Interlocked.Increment(ref accepted);
                _ = CarryAsync(caller);
            }
        }
        catch (Exception end) when (end is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // Stopped.
        }
    }

    private async Task CarryAsync(Socket caller)
    {
        using var upstream = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        caller.NoDelay = true;
        open[caller] = open[upstream] = true;
        try
        {
            await upstream.ConnectAsync(IPAddress.Loopback, target);
            await Task.WhenAny(PumpAsync(caller, upstream, isAnswer: false), PumpAsync(upstream, caller, isAnswer: true));
        }
        catch (Exception gone) when (gone is SocketException or ObjectDisposedException)
        {
            // One side has left.
        }
        finally
        {
            open.TryRemove(caller, out _);
            open.TryRemove(upstream, out _);
            caller.Dispose();
        }
    }

    private async Task PumpAsync(Socket from, Socket to, bool isAnswer)
    {
        var buffer = new byte[16 * 1024];
        for (var passed = 0; ;)
        {
            await ThroughAsync(WireFault.BlackHole);
            var read = await from.ReceiveAsync(buffer);
            if (read == 0)
            {
                return;
            }

            await ThroughAsync(WireFault.BlackHole);
            if (isAnswer && fault is WireFault.Reset or WireFault.Cut && passed + read > Bytes)
            {
                await to.SendAsync(buffer.AsMemory(0, Math.Max(0, Bytes - passed)));
                to.Close(timeout: fault == WireFault.Reset ? 0 : 1);
                return;
            }

            await SendAsync(to, buffer.AsMemory(0, read), isAnswer);
            passed += read;
        }
    }

    private async Task SendAsync(Socket to, ReadOnlyMemory<byte> bytes, bool isAnswer)
    {
        if (isAnswer && fault == WireFault.Late)
        {
            await Task.Delay(Pace, TimeProvider.System);
        }

        while (isAnswer && fault == WireFault.Drip && bytes.Length > 0)
        {
            await to.SendAsync(bytes[..1]);
            bytes = bytes[1..];
            await Task.Delay(Pace, TimeProvider.System);
        }

        await to.SendAsync(bytes);
    }

    private async Task ThroughAsync(WireFault wall)
    {
        while (fault == wall && listener is not null)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }
    }
}
