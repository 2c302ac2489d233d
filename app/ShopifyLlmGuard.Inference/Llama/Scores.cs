using System.Numerics;

namespace ShopifyLlmGuard.Inference.Llama;

/// <summary>The scores of a whole vocabulary, looked at several at a time: that is on every token's way.</summary>
internal static class Scores
{
    /// <summary>The best one; null unless all are numbers or minus infinity, which is a masked token, and at least one is a number.</summary>
    public static float? Highest(ReadOnlySpan<float> scores)
    {
        // Below infinity is false for NaN too.
        var limit = new Vector<float>(float.PositiveInfinity);
        var bests = new Vector<float>(float.NegativeInfinity);
        var whole = scores.Length - scores.Length % Vector<float>.Count;
        for (var at = 0; at < whole; at += Vector<float>.Count)
        {
            var part = new Vector<float>(scores.Slice(at, Vector<float>.Count));
            if (!Vector.LessThanAll(part, limit))
            {
                return null;
            }

            bests = Vector.Max(bests, part);
        }

        var highest = float.NegativeInfinity;
        for (var lane = 0; lane < Vector<float>.Count; lane++)
        {
            highest = Math.Max(highest, bests[lane]);
        }

        foreach (var score in scores[whole..])
        {
            if (!(score < float.PositiveInfinity))
            {
                return null;
            }

            highest = Math.Max(highest, score);
        }

        return highest > float.NegativeInfinity ? highest : null;
    }

    /// <summary>The first token with the best score, as llama.cpp chooses it; null as in <see cref="Highest"/>.</summary>
    public static int? Likeliest(ReadOnlySpan<float> scores)
    {
        if (Highest(scores) is not { } highest)
        {
            return null;
        }

        var wanted = new Vector<float>(highest);
        var at = 0;
        while (at + Vector<float>.Count <= scores.Length && !Vector.EqualsAny(new Vector<float>(scores.Slice(at, Vector<float>.Count)), wanted))
        {
            at += Vector<float>.Count;
        }

        while (scores[at] != highest)
        {
            at++;
        }

        return at;
    }
}
