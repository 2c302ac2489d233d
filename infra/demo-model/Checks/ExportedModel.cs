using Microsoft.Extensions.Logging.Abstractions;
using ShopifyLlmGuard.DemoModel.Tokens;
using ShopifyLlmGuard.Inference.Engine;
using ShopifyLlmGuard.Inference.Llama;

namespace ShopifyLlmGuard.DemoModel.Checks;

/// <summary>A model file in the inference host's own runtime, on one thread, decoded greedily: what the shop will really hear.</summary>
internal sealed class ExportedModel : IDisposable
{
    private const int LongestContext = 1024;
    private const int BatchSize = 256;

    private readonly Tokenizer tokenizer;
    private readonly ILlmModel model;
    private readonly ILlmContext context;
    private readonly ILlmSampler sampler;
    private readonly PromptTemplate template;
    private readonly TokenBatch batch = new(BatchSize);

    public ExportedModel(string path, Tokenizer tokenizer)
    {
        this.tokenizer = tokenizer;
        var runtime = Runtimes.Create(new RuntimeSettings { Name = "LibLlama" }, NullLoggerFactory.Instance);
        model = runtime.Load(path, new ModelSettings(CheckTensors: true, LongestContext));
        context = model.CreateContext(new ContextSettings(LongestContext, BatchSize, MaxSequences: 1, Threads: 1));
        sampler = model.CreateSampler(SamplingSettings.Greedy);
        template = PromptTemplate.Of(model);
    }

    /// <summary>The tokens that the host makes of a request.</summary>
    public int[] Render(string system, string user) => template.Render([new ChatTurn("system", system), new ChatTurn("user", user)]);

    /// <summary>The most likely tokens after a prompt, up to the end of the turn (which is left out) or the limit.</summary>
    /// <returns>The tokens, and whether the turn ended by itself.</returns>
    public (List<int> Tokens, bool Ended) Continue(int[] prompt, int limit)
    {
        context.RemoveRange(0, 0);
        var answer = new List<int>();
        var next = Feed(prompt, 0);
        while (next != tokenizer.EndId && answer.Count < limit)
        {
            answer.Add(next);
            next = Feed([next], prompt.Length + answer.Count - 1);
        }

        return (answer, next == tokenizer.EndId);
    }

    public void Dispose()
    {
        sampler.Dispose();
        context.Dispose();
        model.Dispose();
    }

    private int Feed(int[] tokens, int position)
    {
        var last = 0;
        foreach (var part in tokens.Chunk(BatchSize))
        {
            batch.Clear();
            foreach (var token in part)
            {
                last = batch.Add(token, position++, sequence: 0, wantsOutput: batch.Count == part.Length - 1);
            }

            if (context.Decode(batch) != DecodeResult.Ok)
            {
                throw new InvalidOperationException("llama.cpp refused to decode.");
            }
        }

        return context.Sample(last, sampler) ?? throw new InvalidOperationException("The model computes values that are not numbers.");
    }
}
