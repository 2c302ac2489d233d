namespace ShopifyLlmGuard.Inference.Proxy;

/// <summary>
/// A worker's event stream as its reader gets it: whole events only, and when the worker dies in the middle, one
/// error event at the end instead of a cut. There is no <c>[DONE]</c> after that, so nobody takes the part for the whole.
/// </summary>
/// <param name="worker">What the worker sends.</param>
/// <param name="lastEvent">What a broken stream ends with.</param>
/// <param name="ended">Is told once whether the worker sent everything.</param>
/// <param name="givenUp">Cancelled when nothing comes of the worker any more although its connection stands.</param>
internal sealed class WholeEvents(Stream worker, byte[] lastEvent, Action<bool> ended, CancellationToken givenUp = default) : Stream
{
    private readonly MemoryStream _held = new();
    private ReadOnlyMemory<byte> _whole;
    private bool _ended;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (_whole.Length == 0 && !_ended)
        {
            await FillAsync(cancellationToken);
        }

        var length = Math.Min(buffer.Length, _whole.Length);
        _whole[..length].CopyTo(buffer);
        _whole = _whole[length..];
        return length;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        worker.Dispose();
        base.Dispose(disposing);
    }

    private async Task FillAsync(CancellationToken cancellationToken)
    {
        var part = new byte[4096];
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, givenUp);
        try
        {
            var length = await worker.ReadAsync(part, either.Token);
            if (length == 0)
            {
                _ended = true;
                ended(true);
            }

            _held.Write(part, 0, length);
        }
        catch (Exception error) when (error is IOException || (error is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            _ended = true;
            ended(false);
            _held.SetLength(0);
            _whole = lastEvent;
            return;
        }

        TakeWhole();
    }

    private void TakeWhole()
    {
        var all = _held.GetBuffer().AsSpan(0, (int)_held.Length);
        var end = _ended ? all.Length : all.LastIndexOf("\n\n"u8) is var found and >= 0 ? found + 2 : 0;
        _whole = all[..end].ToArray();
        var rest = all[end..].ToArray();
        _held.SetLength(0);
        _held.Write(rest);
    }
}
