using ShopifyLlmGuard.Inference.Llama;

namespace ShopifyLlmGuard.Inference.Tests.Llama;

/// <summary>Arguments over which llama.cpp ends the process are exceptions. That these tests end at all is half of the proof.</summary>
public sealed class CheckedSeamTests : IDisposable
{
    private readonly ILlmModel _model = Models.Load(Models.Endless);
    private readonly ILlmContext _context;

    public CheckedSeamTests() => _context = _model.CreateContext(new ContextSettings(256, 8, 2, 1));

    public void Dispose()
    {
        _context.Dispose();
        _model.Dispose();
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(TinyModel.Vocabulary)]
    [InlineData(int.MaxValue)]
    [InlineData(int.MinValue)]
    public void A_token_outside_the_vocabulary_is_refused(int token)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => _model.TokenToBytes(token));
        Assert.Throws<ArgumentOutOfRangeException>(() => _model.IsEndOfGeneration(token));
        Assert.Throws<ArgumentOutOfRangeException>(() => _context.Decode(Batch(8, (token, 0, 0))));
    }

    [Fact]
    public void A_batch_of_the_wrong_size_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => _context.Decode(new TokenBatch(8)));
        var large = new TokenBatch(9);
        for (var position = 0; position < 9; position++)
        {
            large.Add(5, position, 0, false);
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => _context.Decode(large));
        Assert.Throws<InvalidOperationException>(() => large.Add(5, 9, 0, false));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(2)]
    [InlineData(int.MaxValue)]
    public void A_sequence_that_does_not_exist_is_refused(int sequence)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => _context.Decode(Batch(8, (5, 0, sequence))));
        Assert.Throws<ArgumentOutOfRangeException>(() => _context.RemoveRange(sequence, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => _context.MaxPosition(sequence));
        Assert.Throws<ArgumentOutOfRangeException>(() => _context.CopyPrefix(0, sequence, 1));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(256)]
    [InlineData(int.MaxValue)]
    public void A_position_outside_the_context_is_refused(int position) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => _context.Decode(Batch(8, (5, position, 0))));

    [Fact]
    public void A_gap_in_the_positions_is_refused_by_the_library()
    {
        Assert.Equal(DecodeResult.Ok, _context.Decode(Batch(8, (5, 0, 0))));
        Assert.Equal(DecodeResult.InvalidInput, _context.Decode(Batch(8, (5, 9, 0))));
        Assert.Equal(0, _context.MaxPosition(0));
    }

    [Fact]
    public void Only_an_output_of_the_last_batch_can_be_sampled()
    {
        using var sampler = _model.CreateSampler(SamplingSettings.Greedy);
        Assert.Throws<ArgumentOutOfRangeException>(() => _context.Sample(0, sampler));
        var batch = new TokenBatch(8);
        batch.Add(5, 0, 0, wantsOutput: false);
        batch.Add(6, 1, 0, wantsOutput: true);
        _context.Decode(batch);

        Assert.NotNull(_context.Sample(1, sampler));
        Assert.Throws<ArgumentOutOfRangeException>(() => _context.Sample(0, sampler));
        Assert.Throws<ArgumentOutOfRangeException>(() => _context.Sample(2, sampler));
        Assert.Throws<ArgumentOutOfRangeException>(() => _context.Sample(-1, sampler));
        Assert.Throws<ArgumentOutOfRangeException>(() => _context.Logits(9).Length);
    }

    [Fact]
    public void A_copy_needs_a_source_and_an_empty_target()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => _context.CopyPrefix(0, 1, 1));
        _context.Decode(Batch(8, (5, 0, 0), (6, 0, 1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => _context.CopyPrefix(0, 0, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => _context.CopyPrefix(0, 1, 2));
        Assert.Throws<InvalidOperationException>(() => _context.CopyPrefix(0, 1, 1));
    }

    [Theory]
    [InlineData(-1, 5)]
    [InlineData(5, 4)]
    public void A_range_that_is_none_is_refused(int start, int end) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => _context.RemoveRange(0, start, end));

    [Theory]
    [InlineData(float.NaN, 1)]
    [InlineData(-1, 1)]
    [InlineData(float.PositiveInfinity, 1)]
    [InlineData(1, 0)]
    [InlineData(1, float.NaN)]
    [InlineData(1, 1.1f)]
    public void Impossible_sampling_is_refused(float temperature, float topP) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => _model.CreateSampler(new SamplingSettings(temperature, topP, 0)));

    [Fact]
    public void Scores_that_are_not_numbers_are_no_token()
    {
        using var model = Load(new TinyModel { OutputConstant = float.NaN });
        using var context = model.CreateContext(new ContextSettings(256, 8, 1, 1));
        using var sampler = model.CreateSampler(SamplingSettings.Greedy);

        Assert.Equal(DecodeResult.Ok, context.Decode(Batch(8, (5, 0, 0))));
        Assert.Null(context.Sample(0, sampler));
    }

    [Fact]
    public void An_unknown_role_is_refused() =>
        Assert.Throws<ArgumentException>(() => _model.ApplyTemplate([new ChatTurn("<|im_end|>", "x")]));

    [Fact]
    public void What_is_disposed_cannot_be_used()
    {
        var model = Load(new TinyModel());
        var context = model.CreateContext(new ContextSettings(256, 8, 1, 1));
        Assert.Throws<InvalidOperationException>(model.Dispose);
        context.Dispose();
        context.RequestAbort();
        Assert.Throws<ObjectDisposedException>(() => context.Decode(Batch(8, (5, 0, 0))));
        model.Dispose();
        model.Dispose();
        Assert.Throws<ObjectDisposedException>(() => model.Tokenize("x"));
        Assert.Throws<ObjectDisposedException>(() => model.CreateContext(new ContextSettings(256, 8, 1, 1)));
    }

    private static ILlmModel Load(TinyModel model) => Models.Load(model.Write(Models.NewPath()), checkTensors: false);

    private static TokenBatch Batch(int capacity, params (int Token, int Position, int Sequence)[] tokens)
    {
        var batch = new TokenBatch(capacity);
        Array.ForEach(tokens, token => batch.Add(token.Token, token.Position, token.Sequence, wantsOutput: true));
        return batch;
    }
}
