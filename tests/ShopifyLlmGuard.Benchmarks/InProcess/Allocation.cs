using Microsoft.Extensions.Logging.Abstractions;
using ShopifyLlmGuard.Benchmarks.LocalModel;
using ShopifyLlmGuard.Inference.Engine;
using ShopifyLlmGuard.Inference.Engine.Scheduling;
using ShopifyLlmGuard.Inference.Llama;
using ShopifyLlmGuard.Inference.Tests;

namespace ShopifyLlmGuard.Benchmarks.InProcess;

/// <summary>Bytes that the model's thread allocates while it generates, with a reader on every answer.</summary>
internal static class Allocation
{
    private const int Answers = 4, WarmUp = 300, Steps = 600;

    public static Target Run(string path)
    {
        using var model = OwnEngine.Load(path);
        using var context = model.CreateContext(OwnEngine.Settings.Context);
        var parts = EngineParts.Of(OwnEngine.Settings, Meters.NewMeter(), TimeProvider.System);
        var scheduler = new Scheduler(model, context, parts, NullLogger.Instance);
        var answers = Enumerable.Range(0, Answers).Select(number => Enter(model, parts, number)).ToArray();
        Step(scheduler, WarmUp);
        var (bytes, tokens) = (GC.GetAllocatedBytesForCurrentThread(), Tokens(answers));
        Step(scheduler, Steps);
        var perToken = (double)(GC.GetAllocatedBytesForCurrentThread() - bytes) / (Tokens(answers) - tokens);
        scheduler.FailAll();
        return Target.AtMost("allocation per generated token on the decode thread", perToken, "bytes", 0);
    }

    private static int Tokens(Generation[] answers)
    {
        var tokens = 0;
        foreach (var answer in answers)
        {
            tokens += answer.Tokens.Length;
        }

        return tokens;
    }

    private static Generation Enter(ILlmModel model, EngineParts parts, int number)
    {
        var request = new GenerationRequest(model.Tokenize(Work.Text(80, number)), WarmUp + Steps + 100, SamplingSettings.Greedy, ["never said"]);
        var generation = new Generation(request, model, model.CreateSampler(request.Sampling), TimeProvider.System);
        parts.Line.Enter(generation, out _);
        _ = Task.Run(async () =>
        {
            await foreach (var said in generation.ReadAllAsync())
            {
                _ = said;
            }
        });
        return generation;
    }

    private static void Step(Scheduler scheduler, int steps)
    {
        for (var step = 0; step < steps; step++)
        {
            scheduler.Step();
        }
    }
}
