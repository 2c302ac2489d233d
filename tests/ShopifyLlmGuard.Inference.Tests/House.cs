using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using ShopifyLlmGuard.Inference.Engine;
using ShopifyLlmGuard.Inference.Engine.Admission;
using ShopifyLlmGuard.Inference.Engine.Scheduling;
using ShopifyLlmGuard.Inference.Llama;

namespace ShopifyLlmGuard.Inference.Tests;

/// <summary>A scheduler on a real model and a real context, moved step by step by the test's own thread.</summary>
internal sealed class House : IDisposable
{
    public House(
        string? model = null, int parallel = 4, int cells = 4096, int batch = 64, int queue = 64, int kept = 8, int keptCells = int.MaxValue,
        bool checkTensors = true)
    {
        Model = Models.Load(model ?? Models.Endless, checkTensors);
        var limits = new AdmissionLimits(parallel, queue, 0, TimeSpan.FromSeconds(2.5), IsShadow: true);
        var settings = new EngineSettings(new ContextSettings(cells, batch, parallel + kept, 1), cells, limits, keptCells);
        Parts = EngineParts.Of(settings, Meters.NewMeter(), Clock);
        Context = Model.CreateContext(settings.Context);
        Scheduler = new Scheduler(Model, Context, Parts, NullLogger.Instance);
    }

    public static Caller Alice { get; } = Caller.Of("Bearer alice", "");

    public static Caller Bob { get; } = Caller.Of("Bearer bob", "");

    public FakeTimeProvider Clock { get; } = new();

    public ILlmModel Model { get; }

    public ILlmContext Context { get; }

    public EngineParts Parts { get; }

    public Scheduler Scheduler { get; }

    public long Steps => Parts.Progress.Steps;

    /// <summary>Enters a request; a prompt of a token more than the text has letters, as the model's tokens are bytes.</summary>
    public Generation Ask(
        string prompt, int maxTokens = 8, Caller? caller = null, Priority priority = Priority.Chat, TimeSpan? within = null,
        SamplingSettings? sampling = null, string? stop = null) =>
        Ask(Model.Tokenize(prompt), maxTokens, caller, priority, within, sampling, stop);

    public Generation Ask(
        int[] prompt, int maxTokens = 8, Caller? caller = null, Priority priority = Priority.Chat, TimeSpan? within = null,
        SamplingSettings? sampling = null, string? stop = null)
    {
        var request = new GenerationRequest(
            prompt, maxTokens, sampling ?? SamplingSettings.Greedy, stop is null ? [] : [stop])
        {
            Caller = caller ?? Alice,
            Priority = priority,
            Within = within,
        };
        var generation = new Generation(request, Model, Model.CreateSampler(request.Sampling), Clock);
        Assert.True(Parts.Line.Enter(generation, out var verdict), verdict.ToString());
        Clock.Advance(TimeSpan.FromMilliseconds(1));
        return generation;
    }

    /// <summary>As when everybody who runs is cancelled at once; here nobody was.</summary>
    public void Abort() => Context.RequestAbort();

    public void Step(int steps = 1)
    {
        for (var step = 0; step < steps; step++)
        {
            Scheduler.Step();
            Clock.Advance(TimeSpan.FromMilliseconds(1));
        }
    }

    /// <summary>Steps until everybody has an answer.</summary>
    public void Finish()
    {
        for (var steps = 0; Scheduler.Running + Parts.Line.Count > 0; steps++)
        {
            Assert.True(steps < 20_000, "It does not end.");
            Step();
        }
    }

    /// <summary>The tokens of one answer in a house of its own.</summary>
    public static int[] Alone(string prompt, int maxTokens = 8, string? model = null, SamplingSettings? sampling = null)
    {
        using var house = new House(model, parallel: 1);
        var generation = house.Ask(prompt, maxTokens, sampling: sampling);
        house.Finish();
        return generation.Tokens.ToArray();
    }

    /// <summary>How far below the best a generation's least likely token was, by the scores that it gets alone.</summary>
    public static float Doubt(ILlmModel model, Generation generation)
    {
        using var context = model.CreateContext(new ContextSettings(1024, 512, 1, 1));
        var batch = new TokenBatch(512);
        var conversation = generation.Conversation.Span;
        for (var position = 0; position < conversation.Length; position++)
        {
            batch.Add(conversation[position], position, 0, wantsOutput: true);
        }

        Assert.Equal(DecodeResult.Ok, context.Decode(batch));
        var doubt = 0f;
        for (var next = generation.Request.Prompt.Length; next < conversation.Length; next++)
        {
            var scores = context.Logits(next - 1);
            doubt = Math.Max(doubt, Max(scores) - scores[conversation[next]]);
        }

        return doubt;
    }

    public void Dispose()
    {
        Context.Dispose();
        Model.Dispose();
    }

    private static float Max(ReadOnlySpan<float> scores)
    {
        var most = float.NegativeInfinity;
        foreach (var score in scores)
        {
            most = Math.Max(most, score);
        }

        return most;
    }
}
