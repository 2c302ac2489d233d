namespace ShopifyLlmGuard.Inference.Llama.LibLlama;

internal sealed unsafe class LibLlamaContext : ILlmContext
{
    private readonly ContextHandle _context;
    private readonly nint _memory;
    private readonly int _vocabularySize;
    private readonly AbortFlag _abort;
    private readonly int[] _sequenceCounts;
    private readonly int*[] _sequences;
    private TokenData[]? _candidates;

    private LibLlamaContext(ContextHandle context, AbortFlag abort, int vocabularySize, ContextSettings settings)
    {
        _context = context;
        _memory = Native.llama_get_memory(context);
        _vocabularySize = vocabularySize;
        _abort = abort;
        Cells = (int)Native.llama_n_ctx(context);
        BatchSize = settings.BatchSize;
        MaxSequences = settings.MaxSequences;
        _sequenceCounts = new int[BatchSize];
        Array.Fill(_sequenceCounts, 1);
        _sequences = new int*[BatchSize];
    }

    public int Cells { get; }

    public int BatchSize { get; }

    public int MaxSequences { get; }

    // Only grammars need it; one for all sequences, because one thread owns the context.
    private TokenData[] Candidates => _candidates ??= new TokenData[_vocabularySize];

    public static LibLlamaContext Create(ModelHandle model, int vocabularySize, ContextSettings settings)
    {
        var abort = new AbortFlag();
        var parameters = Native.llama_context_default_params();
        parameters.Cells = (uint)settings.Cells;
        parameters.BatchSize = (uint)settings.BatchSize;
        parameters.MicroBatchSize = (uint)Math.Min(settings.BatchSize, ContextSettings.MostPerStep);
        parameters.MaxSequences = (uint)settings.MaxSequences;
        parameters.Threads = settings.Threads;
        parameters.BatchThreads = settings.Threads;
        // One pool of cells for all sequences: prefixes are shared without copying, and no share lies idle.
        parameters.UnifiedCache = 1;
        parameters.AbortCallback = AbortFlag.Callback;
        parameters.AbortCallbackData = abort.Data;
        var handle = Native.llama_init_from_model(model, parameters);
        if (handle.IsInvalid)
        {
            throw new ModelLoadException(
                $"llama.cpp cannot make a context of {settings.Cells} tokens: {LlamaLog.TakeError() ?? "no reason given"}");
        }

        handle.Hold(model);
        return new LibLlamaContext(handle, abort, vocabularySize, settings);
    }

    public DecodeResult Decode(TokenBatch batch)
    {
        fixed (int* tokens = batch.Tokens, positions = batch.Positions, sequences = batch.Sequences, counts = _sequenceCounts)
        fixed (sbyte* outputs = batch.Outputs)
        fixed (int** each = _sequences)
        {
            for (var index = 0; index < batch.Count; index++)
            {
                each[index] = sequences + index;
            }

            var native = new Batch
            {
                Count = batch.Count,
                Tokens = tokens,
                Positions = positions,
                SequenceCounts = counts,
                Sequences = each,
                Outputs = outputs,
            };
            var result = Native.llama_decode(_context, native);
            _abort.Clear();
            return result switch
            {
                0 => DecodeResult.Ok,
                1 => DecodeResult.NoSlot,
                2 => DecodeResult.Aborted,
                -1 => DecodeResult.InvalidInput,
                _ => DecodeResult.Fatal,
            };
        }
    }

    public ReadOnlySpan<float> Logits(int index)
    {
        var logits = Native.llama_get_logits_ith(_context, index);
        return logits == null
            ? throw new InvalidOperationException("llama.cpp has no scores for this output.")
            : new ReadOnlySpan<float>(logits, _vocabularySize);
    }

    public int? Sample(int index, ILlmSampler sampler) => sampler is GrammarSampler grammar
        ? grammar.Sample(Logits(index), Candidates)
        : Native.llama_sampler_sample(((LibLlamaSampler)sampler).Handle, _context, index);

    public void CopyPrefix(int from, int to, int length) => Native.llama_memory_seq_cp(_memory, from, to, 0, length);

    public void RemoveRange(int sequence, int start, int end = int.MaxValue) =>
        Native.llama_memory_seq_rm(_memory, sequence, start, end);

    public int MaxPosition(int sequence) => Native.llama_memory_seq_pos_max(_memory, sequence);

    public void RequestAbort() => _abort.Request();

    public void Dispose() => _context.Dispose();
}
