using Microsoft.Extensions.Logging.Abstractions;
using ShopifyLlmGuard.Benchmarks.LocalModel;
using ShopifyLlmGuard.Inference.Engine;
using ShopifyLlmGuard.Inference.Engine.Admission;
using ShopifyLlmGuard.Inference.Llama;
using ShopifyLlmGuard.Inference.Tests;

namespace ShopifyLlmGuard.Benchmarks.InProcess;

/// <summary>The host's engine in this process, for what HTTP is too coarse to see.</summary>
internal sealed class OwnEngine : IDisposable
{
    private readonly ILlmModel _model;
    private int _asked;

    public OwnEngine(string model)
    {
        _model = Load(model);
        Engine = new InferenceEngine(_model, Settings, Meters.NewMeter(), TimeProvider.System, NullLogger<InferenceEngine>.Instance);
    }

    /// <summary>As the host's own; nobody is refused, and nothing is kept, so that every prompt is computed.</summary>
    public static EngineSettings Settings { get; } = new(
        new ContextSettings(24_576, BatchSize: 256, MaxSequences: 8, Threads: 1),
        24_576,
        new AdmissionLimits(8, 64, 0, TimeSpan.FromSeconds(2.5), IsShadow: true),
        KeptCells: 0);

    public InferenceEngine Engine { get; }

    public static ILlmModel Load(string path) =>
        Runtimes.Create(new RuntimeSettings(), NullLoggerFactory.Instance).Load(path, new ModelSettings(CheckTensors: false));

    public Generation Ask(int promptTokens, int answerTokens)
    {
        var prompt = _model.Tokenize(Work.Text(promptTokens, ++_asked));
        return Engine.Submit(new GenerationRequest(prompt, answerTokens, SamplingSettings.Greedy, [])).Generation!;
    }

    /// <summary>Waits, without sleeping, until the answers have so many tokens each.</summary>
    public static void Until(int tokens, params IEnumerable<Generation> answers) =>
        SpinWait.SpinUntil(() => answers.All(answer => answer.Tokens.Length >= tokens), TimeSpan.FromMinutes(1));

    /// <summary>Cancels answers, and waits until nothing runs.</summary>
    public void End(params IEnumerable<Generation> answers)
    {
        foreach (var answer in answers)
        {
            Engine.Cancel(answer, FailureReason.Cancelled);
        }

        SpinWait.SpinUntil(() => Engine.Progress.Running == 0, TimeSpan.FromMinutes(1));
    }

    public void Dispose() => Engine.Dispose();
}
