using ShopifyLlmGuard.Inference.Engine;
using ShopifyLlmGuard.Inference.Llama;

namespace ShopifyLlmGuard.Inference.Tests.Engine;

/// <summary>
/// What company does to an answer. On a processor, with the shipped model, nothing: its scores are the same to the last
/// bit alone and in any micro-batch, whatever the prompt was cut into. One thing does: llama.cpp adds up over the cells in
/// the order in which they lie, and in a memory with holes a sequence's later tokens may lie before its earlier ones. Then the
/// last bit of a sum differs, 8-bit activations round it up, and scores that span 20 differed by up to 0.15 (measured; for
/// 32-bit weights by 0.005 of 6, there by other batch sizes too). An answer changes where the two best scores are closer than that:
/// 1 of 150 answers in the storm of <see cref="StormTests"/>.
/// </summary>
public sealed class EqualityTests
{
    private static readonly string[] Questions =
        [.. Enumerable.Range(0, 8).Select(index => $"which monitor number {index} is good for travel and for my grandmother")];

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(5)]
    public void A_greedy_answer_is_the_same_alone_and_in_any_company(int stepsBetween)
    {
        var alone = Questions.Select(question => House.Alone(question, 24, Models.Demo)).ToArray();
        using var house = new House(Models.Demo, parallel: 8, batch: 32, kept: 0);
        var asked = new List<Generation>();
        foreach (var question in Questions)
        {
            asked.Add(house.Ask(question, 24));
            house.Step(stepsBetween);
        }

        house.Finish();
        Assert.Equal(alone, asked.Select(generation => generation.Tokens.ToArray()));
    }

    [Fact]
    public void A_memory_with_holes_changes_scores_by_no_more_than_rounding()
    {
        using var model = Models.Load(Models.Demo);
        var inOrder = Scores(model, holes: false);
        var outOfOrder = Scores(model, holes: true);

        Assert.InRange(inOrder.Zip(outOfOrder, (one, other) => Math.Abs(one - other)).Max(), 0, 1);
        Assert.True(inOrder.Max() - inOrder.Min() > 10);
    }

    private static float[] Scores(ILlmModel model, bool holes)
    {
        using var context = model.CreateContext(new ContextSettings(512, 64, 2, 1));
        var prompt = model.Tokenize(Questions[0]);
        if (holes)
        {
            Decode(context, prompt[..8], 1, 0);
        }

        Decode(context, prompt[..10], 0, 0);
        context.RemoveRange(1, 0);
        return context.Logits(Decode(context, prompt, 0, 10)).ToArray();
    }

    private static int Decode(ILlmContext context, int[] tokens, int sequence, int from)
    {
        var (batch, output) = (new TokenBatch(64), 0);
        for (var position = from; position < tokens.Length; position++)
        {
            output = batch.Add(tokens[position], position, sequence, position == tokens.Length - 1);
        }

        Assert.Equal(DecodeResult.Ok, context.Decode(batch));
        return output;
    }
}
