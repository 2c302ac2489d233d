using System.Text;
using System.Text.Json;

namespace ShopifyLlmGuard.Tests.Llm;

/// <summary>How a stream ends.</summary>
public enum Ending
{
    Done,
    Silent,
    Cut,
    Hang,
}

/// <summary>What a host does with a request.</summary>
/// <param name="Status">0: the connection is refused.</param>
/// <param name="After">Until the response begins.</param>
/// <param name="Lines">Lines of the body, each after a pause.</param>
/// <param name="End">How the body ends.</param>
/// <param name="IsDeaf">It does not notice that the caller has gone.</param>
public sealed record HostScript(int Status, TimeSpan After, IReadOnlyList<(TimeSpan Pause, string Line)> Lines, Ending End, bool IsDeaf = false)
{
    public string ContentType { get; init; } = "text/event-stream";

    /// <summary>No connection comes about, instead of one that is refused.</summary>
    public bool IsTooFar { get; init; }

    /// <summary>In seconds; null without the header.</summary>
    public int? RetryAfter { get; init; }

    /// <summary>All words of the body, if they are words.</summary>
    public string Text { get; init; } = "";

    /// <summary>How the model says that it ended; null when it does not say.</summary>
    public string? Finish { get; init; }

    /// <summary>Whether this, and nothing less, is an answer.</summary>
    public bool IsWhole => Status == 200 && End == Ending.Done && Finish == "stop" && Text.Length > 0;

    /// <summary>Done on the reader's own thread when all lines have been read.</summary>
    public Action? AtEnd { get; init; }

    public static HostScript Refuses(int status) => new(status, TimeSpan.Zero, [], Ending.Done);

    /// <summary>Nobody accepts the connection in time; the platform's handler ends such a call as cancelled.</summary>
    public static HostScript Unreachable { get; } = Refuses(0) with { IsTooFar = true };

    public static HostScript Hangs { get; } = new(200, TimeSpan.FromHours(1), [], Ending.Hang);

    /// <summary>Words, each after a pause, and a sound end.</summary>
    public static HostScript Says(string text, double firstAfter = 0.05, double pause = 0.01, Ending end = Ending.Done, string? finish = "stop")
    {
        var words = text.Split(' ').Select((word, index) =>
            (TimeSpan.FromSeconds(index == 0 ? firstAfter : pause), Chunk(index == 0 ? word : " " + word, null)));
        return new(200, TimeSpan.Zero, [.. words, .. finish is null ? [] : ((TimeSpan, string)[])[(TimeSpan.Zero, Chunk("", finish))]], end) { Text = text, Finish = finish };
    }

    public static string Chunk(string text, string? finish) => "data: " + JsonSerializer.Serialize(new
    {
        id = "chatcmpl-1", @object = "chat.completion.chunk", created = 1, model = "scripted",
        choices = new[] { new { index = 0, delta = new { content = text }, finish_reason = finish } },
    });
}

/// <summary>A body that comes as scripted.</summary>
internal sealed class ScriptStream(HostScript script, TimeProvider clock) : Stream
{
    private readonly Queue<(TimeSpan Pause, string Line)> lines = new(
        script.End == Ending.Done && script.Status == 200 ? [.. script.Lines, (TimeSpan.Zero, "data: [DONE]")] : script.Lines);
    private byte[] rest = [];

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var heard = script.IsDeaf ? CancellationToken.None : cancellationToken;
        if (rest.Length == 0 && lines.TryDequeue(out var next))
        {
            await Task.Delay(next.Pause, clock, heard);
            rest = Encoding.UTF8.GetBytes(next.Line + "\n\n");
        }
        else if (rest.Length == 0 && script.AtEnd is { } end)
        {
            end();
        }
        else if (rest.Length == 0 && script.End == Ending.Hang)
        {
            await Task.Delay(TimeSpan.FromHours(1), clock, heard);
        }
        else if (rest.Length == 0 && script.End == Ending.Cut)
        {
            throw new IOException("cut");
        }

        var count = Math.Min(rest.Length, buffer.Length);
        rest.AsMemory(0, count).CopyTo(buffer);
        rest = rest[count..];
        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
