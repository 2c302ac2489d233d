using System.Runtime.InteropServices;
using LLama.Native;

namespace ShopifyLlmGuard.Inference.Llama.LLamaSharp;

internal sealed unsafe class LLamaSharpContext : ILlmContext
{
    private readonly SafeLLamaContextHandle _context;
    private readonly AbortFlag _abort;
    private readonly int[] _sequenceCounts;
    private readonly LLamaSeqId*[] _sequences;

    // LLamaSharp's own Decode copies the batch (12 KB a step) and takes one lock for all contexts of a process. Here
    // one thread owns the only context.
    private readonly delegate* unmanaged<nint, LLamaNativeBatch, int> _decode =
        (delegate* unmanaged<nint, LLamaNativeBatch, int>)NativeLibrary.GetExport(LLamaSharpLibrary.Handle, "llama_decode");

    private TokenData[]? _candidates;

    private LLamaSharpContext(SafeLLamaContextHandle context, AbortFlag abort, ContextSettings settings)
    {
        (_context, _abort) = (context, abort);
        Cells = (int)context.ContextSize;
        BatchSize = settings.BatchSize;
        MaxSequences = settings.MaxSequences;
        _sequenceCounts = new int[BatchSize];
        Array.Fill(_sequenceCounts, 1);
        _sequences = new LLamaSeqId*[BatchSize];
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
        var handle = SafeLLamaContextHandle.Create(model, parameters);
        if (!handle.IsInvalid)
        {
            return new LLamaSharpContext(handle, abort, settings);
        }

        // LLamaSharp holds the model for a context that was not made, and nobody else would let go of it.
        model.DangerousRelease();
        throw new ModelLoadException(
            $"llama.cpp cannot make a context of {settings.Cells} tokens: {LlamaLog.TakeError() ?? "no reason given"}");
    }

    public DecodeResult Decode(TokenBatch batch)
    {
        fixed (int* tokens = batch.Tokens, positions = batch.Positions, sequences = batch.Sequences, counts = _sequenceCounts)
        fixed (sbyte* outputs = batch.Outputs)
        fixed (LLamaSeqId** each = _sequences)
        {
            for (var index = 0; index < batch.Count; index++)
            {
                each[index] = (LLamaSeqId*)(sequences + index);
            }

            var native = new LLamaNativeBatch
            {
                n_tokens = batch.Count,
                tokens = (LLamaToken*)tokens,
                pos = (LLamaPos*)positions,
                n_seq_id = counts,
                seq_id = each,
                logits = (byte*)outputs,
            };
            var result = _decode(_context.DangerousGetHandle(), native);
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

    public ReadOnlySpan<float> Logits(int index) => _context.GetLogitsIth(index);

    public int? Sample(int index, ILlmSampler sampler) => sampler is GrammarSampler grammar
        ? grammar.Sample(Logits(index), _candidates ??= new TokenData[Logits(index).Length])
        : (int)((LLamaSharpSampler)sampler).Chain.Sample(_context, index);

    public void CopyPrefix(int from, int to, int length) =>
        _context.MemorySequenceCopy((LLamaSeqId)from, (LLamaSeqId)to, 0, length);

    public void RemoveRange(int sequence, int start, int end = int.MaxValue) =>
        _context.MemorySequenceRemove((LLamaSeqId)sequence, start, end);

    public int MaxPosition(int sequence) => (int)_context.MemorySequenceMaxPosition((LLamaSeqId)sequence);

    public void RequestAbort() => _abort.Request();

    public void Dispose() => _context.Dispose();
}
