using System.Text;
using ShopifyLlmGuard.Inference.Llama;

namespace ShopifyLlmGuard.Inference.Tests;

/// <summary>Lets a model write under a grammar, without a host.</summary>
internal sealed class StructuredWriter : IDisposable
{
    private const int Cells = 4096;

    private readonly ILlmModel _model;
    private readonly ILlmContext _context;

    public StructuredWriter(string model)
    {
        _model = Models.Load(model);
        _context = _model.CreateContext(new ContextSettings(Math.Min(Cells, _model.TrainedContext), 64, 1, 1));
    }

    /// <summary>The answer, and whether it ended by itself.</summary>
    public (string Text, bool HasEnded) Write(SamplingSettings settings, int most = 2000)
    {
        using var sampler = _model.CreateSampler(settings);
        _context.RemoveRange(0, 0);
        var batch = new TokenBatch(1);
        var output = batch.Add(_model.Tokenize("a")[0], 0, 0, true);
        var bytes = new List<byte>();
        for (var position = 1; position < Math.Min(most, _context.Cells); position++)
        {
            Assert.Equal(DecodeResult.Ok, _context.Decode(batch));
            var token = _context.Sample(output, sampler) ?? throw new InvalidOperationException($"stuck: {sampler.IsStuck}");
            if (_model.IsEndOfGeneration(token))
            {
                return (Encoding.UTF8.GetString([.. bytes]), true);
            }

            bytes.AddRange(_model.TokenToBytes(token).Span);
            batch.Clear();
            output = batch.Add(token, position, 0, true);
        }

        return (Encoding.UTF8.GetString([.. bytes]), false);
    }

    public void Dispose()
    {
        _context.Dispose();
        _model.Dispose();
    }
}
