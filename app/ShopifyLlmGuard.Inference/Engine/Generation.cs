using System.Runtime.CompilerServices;
using System.Text;
using System.Threading.Channels;
using ShopifyLlmGuard.Inference.Engine.Admission;
using ShopifyLlmGuard.Inference.Llama;

namespace ShopifyLlmGuard.Inference.Engine;

/// <param name="Prompt">The prompt's tokens; together with <paramref name="MaxTokens"/> they fit the context.</param>
/// <param name="MaxTokens">The answer ends here at the latest.</param>
/// <param name="Sampling">How tokens are chosen.</param>
/// <param name="Stops">The answer ends before the first of these texts.</param>
internal sealed record GenerationRequest(
    int[] Prompt, int MaxTokens, SamplingSettings Sampling, IReadOnlyList<string> Stops)
{
    /// <summary>Limits and kept prefixes are one caller's own.</summary>
    public Caller Caller { get; init; }

    public Priority Priority { get; init; }

    /// <summary>How long somebody waits for the answer; null for as long as it takes.</summary>
    public TimeSpan? Within { get; init; }
}

/// <summary>
/// One request on its way through the engine. Cancelled by whoever is first: the caller, the deadline, the shutdown.
/// The model's thread leaves token ids; the reader turns them into text, so that the model's thread allocates nothing.
/// </summary>
internal sealed class Generation(GenerationRequest request, ILlmModel model, ILlmSampler sampler, TimeProvider clock)
{
    private readonly int[] _tokens = [.. request.Prompt, .. new int[request.MaxTokens]];

    // Rings when there is something to read; one ring is enough for any number of tokens.
    private readonly Channel<bool> _bell = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    private readonly long _deadline = request.Within is { } within
        ? clock.GetTimestamp() + (long)(within.TotalSeconds * clock.TimestampFrequency)
        : long.MaxValue;

    private GenerationEvent? _last;
    private int _count;
    private int _prefillLeft = request.Prompt.Length;
    private int _held;

    // 0 while nobody cancelled, else the reason plus one.
    private int _cancelled;

    public GenerationRequest Request => request;

    public ILlmSampler Sampler => sampler;

    public long EnteredAt { get; } = clock.GetTimestamp();

    /// <summary>The place in the order of turns: a timestamp.</summary>
    public long Turn { get; set; }

    /// <summary>Prompt tokens that are still to be computed.</summary>
    public int PrefillLeft
    {
        get => Volatile.Read(ref _prefillLeft);
        set => Volatile.Write(ref _prefillLeft, value);
    }

    /// <summary>Cells that are set aside for it: its prompt and its longest answer.</summary>
    public int Cells => _tokens.Length;

    /// <summary>While it waits: whether they are. The line's.</summary>
    public bool HasCells { get; set; }

    /// <summary>While it waits: a timestamp, by which it was promised them.</summary>
    public long CellsBy { get; set; } = long.MaxValue;

    /// <summary>While it runs: cells that its end gives back at least, because no other answer shares them.</summary>
    public int Held
    {
        get => Volatile.Read(ref _held);
        set => Volatile.Write(ref _held, value);
    }

    /// <summary>A timestamp: its deadline.</summary>
    public long EndsBy => _deadline;

    /// <summary>The answer's tokens so far.</summary>
    public ReadOnlySpan<int> Tokens => _tokens.AsSpan(request.Prompt.Length, Volatile.Read(ref _count));

    /// <summary>The prompt and behind it the answer.</summary>
    public ReadOnlyMemory<int> Conversation => _tokens.AsMemory(0, request.Prompt.Length + Volatile.Read(ref _count));

    /// <summary>Why the work is to be dropped; null while somebody still wants it.</summary>
    public FailureReason? CancelledFor => Volatile.Read(ref _cancelled) is > 0 and var reason ? (FailureReason)(reason - 1) : null;

    /// <summary>True for the first caller only.</summary>
    public bool TryCancel(FailureReason reason) => Interlocked.CompareExchange(ref _cancelled, (int)reason + 1, 0) == 0;

    /// <summary>Cancels it when its time is over; true when it is cancelled, for whatever reason.</summary>
    public bool IsUnwanted(long now)
    {
        if (now >= _deadline)
        {
            TryCancel(FailureReason.Deadline);
        }

        return CancelledFor is not null;
    }

    /// <summary>Adds a token. The model's own thread; allocates nothing.</summary>
    public void Say(int token)
    {
        _tokens[request.Prompt.Length + _count] = token;
        Volatile.Write(ref _count, _count + 1);
        _bell.Writer.TryWrite(true);
    }

    /// <summary>Its end or its failure; null while there is none.</summary>
    public GenerationEvent? Last => Volatile.Read(ref _last);

    /// <summary>Says the last word; later ones are dropped.</summary>
    public bool Finish(GenerationEvent last)
    {
        if (Interlocked.CompareExchange(ref _last, last, null) is not null)
        {
            return false;
        }

        sampler.Dispose();
        return _bell.Writer.TryComplete();
    }

    /// <summary>Pieces of text as they come, then one end or failure. One reader.</summary>
    public async IAsyncEnumerable<GenerationEvent> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var text = new AnswerText(request.Stops);
        var read = 0;
        while (await _bell.Reader.WaitToReadAsync(cancellationToken))
        {
            _bell.Reader.TryRead(out _);
            if (Read(text, ref read) is { Length: > 0 } piece)
            {
                yield return new GenerationEvent.Piece(piece);
            }

            // A stop text with U+FFFD in it shows only in the text; whoever reads then ends the rest.
            if (text.IsStopped)
            {
                break;
            }
        }

        if (Read(text, ref read) + (Last is GenerationEvent.End ? text.End() : "") is { Length: > 0 } rest)
        {
            yield return new GenerationEvent.Piece(rest);
        }

        yield return !text.IsStopped ? Last!
            : string.IsNullOrWhiteSpace(Text()) ? new GenerationEvent.Failure(FailureReason.Empty)
            : new GenerationEvent.End(HitLimit: false, read);
    }

    /// <summary>The whole text so far, without a stop text and what follows it.</summary>
    public string Text()
    {
        var text = new AnswerText(request.Stops);
        var read = 0;
        return Read(text, ref read) + text.End();
    }

    private string Read(AnswerText text, ref int read)
    {
        var piece = new StringBuilder();
        for (var tokens = Tokens; read < tokens.Length && !text.IsStopped; read++)
        {
            piece.Append(text.Add(model.TokenToBytes(tokens[read]).Span));
        }

        return piece.ToString();
    }
}
