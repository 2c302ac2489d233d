using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using ShopifyLlmGuard.Inference.Llama;
#if LLAMASHARP
using ShopifyLlmGuard.Inference.Engine;
#else
using ShopifyLlmGuard.Inference.Llama.LibLlama;
#endif

namespace ShopifyLlmGuard.Benchmarks.LocalModel;

/// <summary>
/// The least that a batch of answers can cost on the same library: decode, choose, decode. No HTTP, no scheduler, no checks.
/// A process of its own; run as <c>raw-loop MODEL SEQUENCES CELLS BATCH</c>.
/// </summary>
internal sealed class RawLoop(ILlmModel model, ILlmContext context)
{
    public const string Argument = "raw-loop";

    private readonly TokenBatch _batch = new(context.BatchSize);
    private readonly List<(int Sequence, int Output)> _ends = [];
    private readonly int[] _next = new int[context.MaxSequences];

    public static int Run(string[] arguments)
    {
        int Number(int index) => int.Parse(arguments[index], CultureInfo.InvariantCulture);
        using var model = Load(arguments[1]);
        using var context = model.CreateContext(new ContextSettings(Number(3), Number(4), Number(2), Threads: 1));
        var loop = new RawLoop(model, context);
        Console.WriteLine("ready");
        while (Console.ReadLine() is { } line)
        {
            Console.WriteLine(loop.Seconds(Work.Parse(line)).ToString(CultureInfo.InvariantCulture));
        }

        return 0;
    }

    private static ILlmModel Load(string path) =>
#if LLAMASHARP
        Runtimes.Create(new RuntimeSettings(), NullLoggerFactory.Instance).Load(path, new ModelSettings(CheckTensors: false));
#else
        new LibLlamaRuntime(null, NullLogger<LibLlamaRuntime>.Instance).Load(path, new ModelSettings(CheckTensors: false));
#endif

    private double Seconds(Work work)
    {
        var prompts = Enumerable.Range(0, work.Parallel).Select(index => model.Tokenize(Work.Text(work.PromptTokens, work.First + index))).ToArray();
        var samplers = prompts.Select((_, index) => model.CreateSampler(work.Sampling(index))).ToArray();
        var began = Stopwatch.GetTimestamp();
        Prefill(prompts, samplers);
        for (var said = 1; said < work.AnswerTokens; said++)
        {
            for (var sequence = 0; sequence < work.Parallel; sequence++)
            {
                Add(_next[sequence], work.PromptTokens + said - 1, sequence, isLast: true, samplers);
            }

            Compute(samplers);
        }

        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        for (var sequence = 0; sequence < work.Parallel; sequence++)
        {
            context.RemoveRange(sequence, 0);
            samplers[sequence].Dispose();
        }

        return seconds;
    }

    private void Prefill(int[][] prompts, ILlmSampler[] samplers)
    {
        for (var sequence = 0; sequence < prompts.Length; sequence++)
        {
            for (var position = 0; position < prompts[sequence].Length; position++)
            {
                Add(prompts[sequence][position], position, sequence, position == prompts[sequence].Length - 1, samplers);
            }
        }

        Compute(samplers);
    }

    private void Add(int token, int position, int sequence, bool isLast, ILlmSampler[] samplers)
    {
        if (_batch.Count == _batch.Capacity)
        {
            Compute(samplers);
        }

        var output = _batch.Add(token, position, sequence, isLast);
        if (isLast)
        {
            _ends.Add((sequence, output));
        }
    }

    private void Compute(ILlmSampler[] samplers)
    {
        if (context.Decode(_batch) != DecodeResult.Ok)
        {
            throw new InvalidOperationException("llama.cpp did not compute the batch.");
        }

        foreach (var (sequence, output) in _ends)
        {
            _next[sequence] = context.Sample(output, samplers[sequence])!.Value;
        }

        _batch.Clear();
        _ends.Clear();
    }
}
