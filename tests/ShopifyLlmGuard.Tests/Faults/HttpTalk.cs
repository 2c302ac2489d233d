using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Text;

namespace ShopifyLlmGuard.Tests.Faults;

/// <summary>
/// One connection of a server that speaks HTTP/1.1 by hand, because a web framework refuses to reset before the headers, to lie
/// about a length, or to end a chunked body without its end.
/// </summary>
internal sealed class HttpTalk(Socket socket) : IDisposable
{
    private readonly NetworkStream stream = new(socket, ownsSocket: true);
    private PipeReader? reader;

    private PipeReader Reader => reader ??= PipeReader.Create(stream, new StreamPipeReaderOptions(leaveOpen: true));

    /// <summary>The next request; null when the caller has left.</summary>
    public async Task<(string Path, byte[] Body)?> ReadRequestAsync()
    {
        if (await ReadLineAsync() is not { Length: > 0 } first)
        {
            return null;
        }

        var (length, chunked) = (0, false);
        while (await ReadLineAsync() is { Length: > 0 } header)
        {
            var (name, value) = (header[..header.IndexOf(':', StringComparison.Ordinal)], header[(header.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim());
            length = name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase) ? int.Parse(value, CultureInfo.InvariantCulture) : length;
            chunked |= name.Equals("Transfer-Encoding", StringComparison.OrdinalIgnoreCase) && value.Equals("chunked", StringComparison.OrdinalIgnoreCase);
        }

        return (first.Split(' ')[1], chunked ? await ReadChunksAsync() : await ReadAsync(length));
    }

    public Task HeadAsync(int status, string contentType, int? length, string? more = null) => WriteAsync(
        $"HTTP/1.1 {status} Status\r\nContent-Type: {contentType}\r\n" +
        (length is { } bytes ? $"Content-Length: {bytes}\r\n" : "Transfer-Encoding: chunked\r\n") + (more is null ? "" : more + "\r\n") + "\r\n");

    public async Task WholeAsync(int status, string contentType, string body, string? more = null)
    {
        await HeadAsync(status, contentType, Encoding.UTF8.GetByteCount(body), more);
        await WriteAsync(body);
    }

    public Task ChunkAsync(string text) => WriteAsync($"{Encoding.UTF8.GetByteCount(text):x}\r\n{text}\r\n");

    /// <summary>The end of a chunked body.</summary>
    public Task EndAsync() => WriteAsync("0\r\n\r\n");

    public async Task WriteAsync(string text) => await stream.WriteAsync(Encoding.UTF8.GetBytes(text));

    /// <summary>Says nothing until the caller leaves, or for this long.</summary>
    public async Task SilenceAsync(TimeSpan atMost)
    {
        using var left = new CancellationTokenSource(atMost, TimeProvider.System);
        try
        {
            for (var hasLeft = false; !hasLeft;)
            {
                var read = await Reader.ReadAsync(left.Token);
                Reader.AdvanceTo(read.Buffer.End);
                hasLeft = read.IsCompleted;
            }
        }
        catch (OperationCanceledException)
        {
            // Silent long enough.
        }
    }

    /// <summary>A reset instead of a goodbye.</summary>
    public void Reset() => socket.Close(timeout: 0);

    public void Dispose() => stream.Dispose();

    private async Task<string?> ReadLineAsync()
    {
        while (true)
        {
            var read = await Reader.ReadAsync();
            if (read.Buffer.PositionOf((byte)'\n') is { } end)
            {
                var line = Encoding.Latin1.GetString(read.Buffer.Slice(0, end)).TrimEnd('\r');
                Reader.AdvanceTo(read.Buffer.GetPosition(1, end));
                return line;
            }

            Reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            if (read.IsCompleted)
            {
                return null;
            }
        }
    }

    private async Task<byte[]> ReadAsync(int length)
    {
        if (length == 0)
        {
            return [];
        }

        var read = await Reader.ReadAtLeastAsync(length);
        var bytes = read.Buffer.Slice(0, Math.Min(length, read.Buffer.Length)).ToArray();
        Reader.AdvanceTo(read.Buffer.GetPosition(bytes.Length));
        return bytes;
    }

    private async Task<byte[]> ReadChunksAsync()
    {
        var body = new MemoryStream();
        while (await ReadLineAsync() is { } size && int.Parse(size, NumberStyles.HexNumber, CultureInfo.InvariantCulture) is > 0 and var length)
        {
            body.Write(await ReadAsync(length));
            await ReadLineAsync();
        }

        await ReadLineAsync();
        return body.ToArray();
    }
}
