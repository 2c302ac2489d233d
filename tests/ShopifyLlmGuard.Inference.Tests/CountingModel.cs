using ShopifyLlmGuard.Inference.Llama;

namespace ShopifyLlmGuard.Inference.Tests;

/// <summary>Computes nothing, and has a memory as llama.cpp has one: thousands of schedules in a second, and every cell of them counted.</summary>
internal sealed class CountingModel(int endsOneIn) : ILlmModel
{
    private const int EndOfAnswer = 0;
    private readonly Random _random = new(1);

    public int VocabularySize => 128;

    public int TrainedContext => 4096;

    public int? LeadingToken => null;

    public IReadOnlyList<SpecialToken> SpecialTokens => [];

    public int[] Tokenize(string text) => [.. text.Select(letter => (int)letter)];

    public ReadOnlyMemory<byte> TokenToBytes(int token) => "x"u8.ToArray();

    public bool IsEndOfGeneration(int token) => token == EndOfAnswer;

    public string? ApplyTemplate(IReadOnlyList<ChatTurn> turns) => null;

    public ILlmSampler CreateSampler(SamplingSettings settings) => new Sampler();

    public ILlmContext CreateContext(ContextSettings settings) => new CountingContext(settings, Next);

    public void Dispose()
    {
    }

    private int Next() => _random.Next(endsOneIn) == 0 ? EndOfAnswer : 'x';

    private sealed class Sampler : ILlmSampler
    {
        public bool IsStuck => false;

        public bool IsPlain => false;

        public void Dispose()
        {
        }
    }
}

/// <summary>Sequences of cells: a copied beginning shares its cells, a cell is free when the last sequence without it is gone.</summary>
internal sealed class CountingContext(ContextSettings settings, Func<int> next) : ILlmContext
{
    private readonly List<int>[] _sequences = [.. Enumerable.Range(0, settings.MaxSequences).Select(_ => new List<int>())];
    private readonly int[] _holders = new int[settings.Cells];
    private bool _aborts;

    public int Cells => settings.Cells;

    public int BatchSize => settings.BatchSize;

    public int MaxSequences => settings.MaxSequences;

    /// <summary>How often there was no cell for a token, or a token did not follow the one before it.</summary>
    public int Failures { get; private set; }

    public int Used => _holders.Count(holders => holders > 0);

    public DecodeResult Decode(TokenBatch batch)
    {
        if (batch.Count > _holders.Count(holders => holders == 0))
        {
            Failures++;
            return DecodeResult.NoSlot;
        }

        var computed = _aborts ? batch.Count / 2 : batch.Count;
        for (var index = 0; index < computed; index++)
        {
            var sequence = _sequences[batch.Sequences[index]];
            Failures += sequence.Count == batch.Positions[index] ? 0 : 1;
            var cell = Array.IndexOf(_holders, 0);
            _holders[cell]++;
            sequence.Add(cell);
        }

        var result = _aborts ? DecodeResult.Aborted : DecodeResult.Ok;
        _aborts = false;
        return result;
    }

    public ReadOnlySpan<float> Logits(int index) => throw new NotSupportedException();

    public int? Sample(int index, ILlmSampler sampler) => next();

    public void CopyPrefix(int from, int to, int length)
    {
        foreach (var cell in _sequences[from].Take(length))
        {
            _holders[cell]++;
            _sequences[to].Add(cell);
        }
    }

    public void RemoveRange(int sequence, int start, int end = int.MaxValue)
    {
        foreach (var cell in _sequences[sequence].Skip(start))
        {
            _holders[cell]--;
        }

        _sequences[sequence].RemoveRange(Math.Min(start, _sequences[sequence].Count), Math.Max(0, _sequences[sequence].Count - start));
    }

    public int MaxPosition(int sequence) => _sequences[sequence].Count - 1;

    public void RequestAbort() => _aborts = true;

    public void Dispose()
    {
    }
}
