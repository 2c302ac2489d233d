using ShopifyLlmGuard.Inference.Engine;
using ShopifyLlmGuard.Inference.Engine.Scheduling;

namespace ShopifyLlmGuard.Inference.Tests.Engine;

/// <summary>The model's thread leaves nothing to collect while it generates; a collection would hold every answer up.</summary>
public sealed class AllocationTests
{
    [Fact]
    public async Task A_generated_token_allocates_nothing_on_the_models_thread()
    {
        using var house = new House(parallel: 4);
        // With a reader each, as in service, and stop texts to look for.
        var asked = Enumerable.Range(0, 4).Select(index => house.Ask($"prompt {index}", 350, stop: "never said")).ToArray();
        var reading = asked.Select(generation => Task.Run(async () =>
        {
            var words = 0;
            await foreach (var said in generation.ReadAllAsync())
            {
                words += said is GenerationEvent.Piece ? 1 : 0;
            }

            return words;
        })).ToArray();
        house.Step(100);
        var before = asked[0].Tokens.Length;
        // Waking a reader may make the thread pool grow, which tells nothing about the tokens: not in every round.
        var least = Enumerable.Range(0, 10).Min(_ => BytesOf(house.Scheduler, steps: 20));
        var tokens = asked[0].Tokens.Length - before;
        house.Finish();

        Assert.Equal(200, tokens);
        Assert.Equal(0, least);
        Assert.All(await Task.WhenAll(reading), words => Assert.True(words > 0));
    }

    private static long BytesOf(Scheduler scheduler, int steps)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var step = 0; step < steps; step++)
        {
            scheduler.Step();
        }

        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
