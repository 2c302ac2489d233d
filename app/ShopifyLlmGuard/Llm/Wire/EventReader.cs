using System.Buffers;

namespace ShopifyLlmGuard.Llm.Wire;

/// <summary>
/// Reads an answer off the wire, event by event. It ends only where the endpoint says so; an error inside it, a line without
/// end and an answer without end throw, before they fill the memory or the time. The platform's own parser of event streams has no limit
/// for either, and passes over an <c>error:</c> line.
/// </summary>
/// <param name="body">What the endpoint sends.</param>
/// <param name="mostTokens">How many it was asked for at most; null: as many as it likes.</param>
internal sealed class EventReader(Stream body, int? mostTokens) : IDisposable
{
    // A token comes in an event of its own, of some two hundred bytes; whoever sends many times that does not know when to stop.
    private const long MostBytes = 2 * 1024 * 1024, BytesAToken = 1024, BytesBeside = 64 * 1024;
    private readonly long most = mostTokens is { } tokens ? Math.Min(MostBytes, BytesBeside + (BytesAToken * tokens)) : MostBytes;
    private const int LongestLine = 256 * 1024, UsualEvents = 4 * 1024;
    private readonly ArrayBufferWriter<byte> data = new();
    private byte[] buffer = ArrayPool<byte>.Shared.Rent(UsualEvents);
    private int begin, end;
    private long read;

    /// <summary>Whether the stream has said that nothing more comes: <c>data: [DONE]</c>.</summary>
    public bool SawEnd { get; private set; }

    /// <summary>The next event; null when no more come.</summary>
    public async ValueTask<AnswerChunk?> NextAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (TakeEvent() is { } chunk)
            {
                return chunk;
            }

            if (SawEnd || !await FillAsync(cancellationToken))
            {
                return null;
            }
        }
    }

    /// <summary>Not while <see cref="NextAsync"/> runs: the buffer goes to somebody else.</summary>
    public void Dispose() => ArrayPool<byte>.Shared.Return(buffer);

    // An event ends with an empty line.
    private AnswerChunk? TakeEvent()
    {
        for (var length = Unread.IndexOf((byte)'\n'); length >= 0 && !SawEnd; length = Unread.IndexOf((byte)'\n'))
        {
            var line = Unread[..length].TrimEnd((byte)'\r');
            begin += length + 1;
            if (!line.IsEmpty)
            {
                TakeLine(line);
            }
            else if (data.WrittenCount > 0)
            {
                var chunk = AnswerChunk.Read(data.WrittenSpan);
                data.ResetWrittenCount();
                return chunk;
            }
        }

        return null;
    }

    private ReadOnlySpan<byte> Unread => buffer.AsSpan(begin, end - begin);

    private void TakeLine(ReadOnlySpan<byte> line)
    {
        switch (EventLine.Kind(line))
        {
            case EventLineKind.End:
                SawEnd = true;
                break;
            case EventLineKind.Error:
                throw new BrokenStreamException();
            case EventLineKind.Other when line.StartsWith("data:"u8):
                // Lines of one event are one text of several lines.
                data.Write(data.WrittenCount > 0 ? "\n"u8 : default);
                data.Write(line["data:".Length..]);
                break;
        }
    }

    private async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        if (read > most || end - begin > LongestLine)
        {
            throw new BrokenStreamException();
        }

        MakeRoom();
        var count = await body.ReadAsync(buffer.AsMemory(end), cancellationToken);
        (end, read) = (end + count, read + count);
        return count > 0;
    }

    private void MakeRoom()
    {
        var room = end - begin <= buffer.Length / 2 ? buffer : ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
        Unread.CopyTo(room);
        if (room != buffer)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = room;
        }

        (begin, end) = (0, end - begin);
    }
}
