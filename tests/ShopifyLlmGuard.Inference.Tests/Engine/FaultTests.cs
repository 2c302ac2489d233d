using Microsoft.Extensions.Logging.Abstractions;
using ShopifyLlmGuard.Inference.Engine;
using ShopifyLlmGuard.Inference.Engine.Admission;
using ShopifyLlmGuard.Inference.Llama;

namespace ShopifyLlmGuard.Inference.Tests.Engine;

/// <summary>When llama.cpp fails, as few answers as possible fail with it.</summary>
public sealed class FaultTests
{
    [Fact]
    public void Only_the_answer_at_fault_fails_when_a_micro_batch_is_refused()
    {
        using var house = new House();
        var broken = house.Ask("broken", 30);
        var sound = house.Ask("sound", 30);
        house.Step(5);
        // The first sequence loses its end, so that llama.cpp finds a gap in it.
        house.Context.RemoveRange(0, 6);
        house.Finish();

        Assert.Equal(5, broken.Tokens.Length);
        Assert.Equal(House.Alone("sound", 30), sound.Tokens.ToArray());
        Assert.False(house.Scheduler.IsBroken);
    }

    [Fact]
    public async Task A_failed_context_is_replaced_and_whoever_waited_is_answered()
    {
        var model = new FailingModel(Models.Load(Models.Endless), failingDecode: 3);
        var limits = new AdmissionLimits(1, 8, 0, TimeSpan.FromSeconds(2.5), IsShadow: true);
        using var engine = new InferenceEngine(
            model, new EngineSettings(new ContextSettings(1024, 64, 4, 1), 1024, limits, KeptCells: 512), Meters.NewMeter(), TimeProvider.System,
            NullLogger<InferenceEngine>.Instance);
        var asked = Enumerable.Range(0, 3)
            .Select(_ => engine.Submit(new GenerationRequest(model.Tokenize("hello"), 8, SamplingSettings.Greedy, [])).Generation!)
            .ToArray();
        var last = new List<GenerationEvent>();
        foreach (var generation in asked)
        {
            var said = new List<GenerationEvent>();
            await foreach (var each in generation.ReadAllAsync().WithCancellation(new CancellationTokenSource(TimeSpan.FromSeconds(20)).Token))
            {
                said.Add(each);
            }

            last.Add(said[^1]);
        }

        Assert.Equal(
            [new GenerationEvent.Failure(FailureReason.Engine), new GenerationEvent.End(true, 8), new GenerationEvent.End(true, 8)], last);
        Assert.Equal(2, model.Contexts);
    }

    [Fact]
    public void Values_that_are_not_numbers_stay_with_nobody_else()
    {
        using var house = new House(new TinyModel { OutputConstant = float.NaN }.Write(Models.NewPath()), checkTensors: false);
        var free = house.Scheduler.Slots.FreeCells;
        house.Ask("one", 5);
        house.Step();
        var next = house.Ask("two", 5);
        house.Step();

        // The memory may hold more of them: nobody is let in before there is a new one.
        Assert.True(house.Scheduler.IsBroken);
        Assert.Equal((0, free, next.Request.Prompt.Length), (house.Scheduler.Running, house.Scheduler.Slots.FreeCells, next.PrefillLeft));
    }

    // The real model, whose first context fails at one decode as it does when memory runs out inside llama.cpp.
    private sealed class FailingModel(ILlmModel inner, int failingDecode) : ILlmModel
    {
        public int Contexts { get; private set; }

        public int VocabularySize => inner.VocabularySize;

        public int TrainedContext => inner.TrainedContext;

        public int? LeadingToken => inner.LeadingToken;

        public IReadOnlyList<SpecialToken> SpecialTokens => inner.SpecialTokens;

        public int[] Tokenize(string text) => inner.Tokenize(text);

        public ReadOnlyMemory<byte> TokenToBytes(int token) => inner.TokenToBytes(token);

        public bool IsEndOfGeneration(int token) => inner.IsEndOfGeneration(token);

        public string? ApplyTemplate(IReadOnlyList<ChatTurn> turns) => inner.ApplyTemplate(turns);

        public ILlmSampler CreateSampler(SamplingSettings settings) => inner.CreateSampler(settings);

        public ILlmContext CreateContext(ContextSettings settings) =>
            new FailingContext(inner.CreateContext(settings), Contexts++ == 0 ? failingDecode : int.MaxValue);

        public void Dispose() => inner.Dispose();
    }

    private sealed class FailingContext(ILlmContext inner, int decodes) : ILlmContext
    {
        public int Cells => inner.Cells;

        public int BatchSize => inner.BatchSize;

        public int MaxSequences => inner.MaxSequences;

        public DecodeResult Decode(TokenBatch batch) => --decodes == 0 ? DecodeResult.Fatal : inner.Decode(batch);

        public ReadOnlySpan<float> Logits(int index) => inner.Logits(index);

        public int? Sample(int index, ILlmSampler sampler) => inner.Sample(index, sampler);

        public void CopyPrefix(int from, int to, int length) => inner.CopyPrefix(from, to, length);

        public void RemoveRange(int sequence, int start, int end) => inner.RemoveRange(sequence, start, end);

        public int MaxPosition(int sequence) => inner.MaxPosition(sequence);

        public void RequestAbort() => inner.RequestAbort();

        public void Dispose() => inner.Dispose();
    }
}
