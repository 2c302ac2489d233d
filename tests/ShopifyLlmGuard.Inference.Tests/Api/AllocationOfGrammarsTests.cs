using ShopifyLlmGuard.Inference.Llama;

namespace ShopifyLlmGuard.Inference.Tests.Api;

public sealed class AllocationOfGrammarsTests
{
    [Fact]
    public void A_grammar_costs_the_decoding_thread_no_memory_of_ours()
    {
        using var model = Models.Load(Models.Endless);
        using var context = model.CreateContext(new ContextSettings(512, 64, 1, 1));
        using var sampler = model.CreateSampler(new SamplingSettings(1, 0.9f, 3) { Grammar = "root ::= [a-zäöü]*", PresencePenalty = 1 });
        var batch = new TokenBatch(1);
        var output = batch.Add(model.Tokenize("a")[0], 0, 0, true);
        var before = 0L;
        for (var position = 1; position < 300; position++)
        {
            // The first tokens still make buffers and compile methods.
            before = position == 100 ? GC.GetAllocatedBytesForCurrentThread() : before;
            context.Decode(batch);
            var token = context.Sample(output, sampler)!.Value;
            batch.Clear();
            output = batch.Add(token, position, 0, true);
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 200);
    }
}
