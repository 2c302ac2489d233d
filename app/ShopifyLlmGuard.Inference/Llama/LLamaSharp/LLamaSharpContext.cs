using LLama.Exceptions;
using LLama.Native;
using Native = LLama.Native;

namespace ShopifyLlmGuard.Inference.Llama.LLamaSharp;

internal sealed unsafe class LLamaSharpContext : ILlmContext
{
    private readonly SafeLLamaContextHandle _context;
    private readonly AbortFlag _abort;
    private readonly LLamaBatch _batch = new();
    private LLamaTokenData[]? _candidates;

    private LLamaSharpContext(SafeLLamaContextHandle context, AbortFlag abort, ContextSettings settings)
    {
        (_context, _abort) = (context, abort);
        Cells = (int)context.ContextSize;
        BatchSize = settings.BatchSize;
        MaxSequences = settings.MaxSequences;
    }

    public int Cells { get; }

    public int BatchSize { get; }

    public int MaxSequences { get; }

    public static LLamaSharpContext Create(SafeLlamaModelHandle model, ContextSettings settings)
    {
        var abort = new AbortFlag();
        var parameters = LLamaContextParams.Default();
        parameters.n_ctx = (uint)settings.Cells;
        parameters.n_batch = (uint)settings.BatchSize;
        parameters.n_ubatch = (uint)Math.Min(settings.BatchSize, ContextSettings.MostPerStep);
        parameters.n_seq_max = (uint)settings.MaxSequences;
        parameters.n_threads = settings.Threads;
        parameters.n_threads_batch = settings.Threads;
        parameters.kv_unified = true;
        parameters.abort_callback = (nint)AbortFlag.Callback;
        parameters.abort_callback_user_data = (nint)abort.Data;
        try
        {
            var handle = SafeLLamaContextHandle.Create(model, parameters);
            return handle.IsInvalid
                ? throw new ModelLoadException($"llama.cpp cannot make a context of {settings.Cells} tokens")
                : new LLamaSharpContext(handle, abort, settings);
        }
        catch (RuntimeError error)
        {
            throw new ModelLoadException($"llama.cpp cannot make a context of {settings.Cells} tokens: {error.Message}");
        }
    }

    public DecodeResult Decode(TokenBatch batch)
    {
        _batch.Clear();
        for (var index = 0; index < batch.Count; index++)
        {
            _batch.Add(batch.Tokens[index], batch.Positions[index], (LLamaSeqId)batch.Sequences[index], batch.Outputs[index] != 0);
        }

        var result = _context.Decode(_batch);
        _abort.Clear();
        return result switch
        {
            Native.DecodeResult.Ok => DecodeResult.Ok,
            Native.DecodeResult.NoKvSlot => DecodeResult.NoSlot,
            Native.DecodeResult.ComputeAborted => DecodeResult.Aborted,
            Native.DecodeResult.InvalidInputBatch => DecodeResult.InvalidInput,
            _ => DecodeResult.Fatal,
        };
    }

    public ReadOnlySpan<float> Logits(int index) => _context.GetLogitsIth(index);

    public int? Sample(int index, ILlmSampler sampler) => sampler is LLamaSharpGrammarSampler grammar
        ? grammar.Sample(Logits(index), _candidates ??= new LLamaTokenData[Logits(index).Length])
        : (int)((LLamaSharpSampler)sampler).Chain.Sample(_context, index);

    public void CopyPrefix(int from, int to, int length) =>
        _context.MemorySequenceCopy((LLamaSeqId)from, (LLamaSeqId)to, 0, length);

    public void RemoveRange(int sequence, int start, int end = int.MaxValue) =>
        _context.MemorySequenceRemove((LLamaSeqId)sequence, start, end);

    public int MaxPosition(int sequence) => (int)_context.MemorySequenceMaxPosition((LLamaSeqId)sequence);

    public byte[] SaveSequence(int sequence)
    {
        var saved = new byte[(int)_context.GetStateSize((LLamaSeqId)sequence)];
        fixed (byte* target = saved)
        {
            return saved[..(int)_context.GetState(target, (nuint)saved.Length, (LLamaSeqId)sequence)];
        }
    }

    public bool RestoreSequence(int sequence, ReadOnlySpan<byte> saved)
    {
        fixed (byte* source = saved)
        {
            return _context.SetState(source, (nuint)saved.Length, (LLamaSeqId)sequence) > 0;
        }
    }

    public void RequestAbort() => _abort.Request();

    public void Dispose() => _context.Dispose();
}
