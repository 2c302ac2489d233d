using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using ShopifyLlmGuard.Inference.Llama;

namespace ShopifyLlmGuard.Inference.Tests.Llama;

/// <summary>What is looked at several at a time is the same one by one.</summary>
public sealed class ScoresTests
{
    private static readonly Gen<float> AnyScore = Gen.Frequency(
        (40, Gen.Choose(-3, 3).Select(score => (float)score)),
        (4, Gen.Constant(-0f)),
        (4, Gen.Constant(float.NegativeInfinity)),
        (1, Gen.Elements(float.NaN, float.PositiveInfinity)));

    [Property(MaxTest = 2000)]
    public Property The_likeliest_is_the_first_of_the_best_unless_one_is_no_number() => Prop.ForAll(
        AnyScore.ArrayOf().Where(scores => scores.Length > 0).ToArbitrary(), scores =>
        {
            var areNumbers = Array.TrueForAll(scores, score => score < float.PositiveInfinity) && Array.Exists(scores, float.IsFinite);
            int? expected = areNumbers ? Array.FindIndex(scores, score => score == scores.Max()) : null;

            Assert.Equal(expected, Scores.Likeliest(scores));
            Assert.Equal(areNumbers ? scores.Max() : default(float?), Scores.Highest(scores));
            return true;
        });

    [Property(MaxTest = 50)]
    public Property Of_a_large_vocabulary_too() => Prop.ForAll(
        Gen.Choose(0, 151_935).Zip(Gen.Choose(0, 151_935)).ToArbitrary(), places =>
        {
            var scores = new float[151_936];
            (scores[places.Item1], scores[places.Item2]) = (7, 7);
            return Scores.Likeliest(scores) == Math.Min(places.Item1, places.Item2);
        });
}
