namespace ShopifyLlmGuard.Llm.Wire;

/// <summary>A stream of events that ends the reading at an error inside it, and before it fills the memory.</summary>
internal sealed class CheckedStream(Stream inner, CallFlow flow) : Stream
{
    private const long MostBytes = 2 * 1024 * 1024;
    private const int LongestLine = 256 * 1024;
    private readonly MemoryStream line = new();
    private long read;

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
        var count = await inner.ReadAsync(buffer, cancellationToken);
        Check(buffer.Span[..count]);
        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count)
    {
        var got = inner.Read(buffer, offset, count);
        Check(buffer.AsSpan(offset, got));
        return got;
    }

    public override void Flush() => inner.Flush();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
            line.Dispose();
        }

        base.Dispose(disposing);
    }

    private void Check(ReadOnlySpan<byte> bytes)
    {
        read += bytes.Length;
        for (var end = bytes.IndexOf((byte)'\n'); end >= 0; end = bytes.IndexOf((byte)'\n'))
        {
            line.Write(bytes[..end]);
            Judge(line.GetBuffer().AsSpan(0, (int)line.Length));
            line.SetLength(0);
            bytes = bytes[(end + 1)..];
        }

        line.Write(bytes);
        if (read > MostBytes || line.Length > LongestLine)
        {
            throw new BrokenStreamException();
        }
    }

    private void Judge(ReadOnlySpan<byte> text)
    {
        switch (EventLine.Kind(text))
        {
            case EventLineKind.End:
                flow.SawEnd = true;
                break;
            case EventLineKind.Error:
                throw new BrokenStreamException();
        }
    }
}
