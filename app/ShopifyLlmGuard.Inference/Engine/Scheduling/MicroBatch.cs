using ShopifyLlmGuard.Inference.Llama;

namespace ShopifyLlmGuard.Inference.Engine.Scheduling;

/// <summary>What llama.cpp computes at once: a part of each answer. Reused; allocates nothing per step.</summary>
internal sealed partial class MicroBatch(ILlmContext context, EngineParts parts, ILogger logger)
{
    private readonly TokenBatch _tokens = new(context.BatchSize);

    /// <summary>Gives every answer its share, as <see cref="BatchPlan"/> says.</summary>
    /// <param name="answers">In order of turn.</param>
    public void Compose(List<Answer> answers)
    {
        Span<Want> wants = stackalloc Want[answers.Count];
        Span<int> shares = stackalloc int[answers.Count];
        var hasDecodes = false;
        for (var index = 0; index < wants.Length; index++)
        {
            wants[index] = answers[index].Want;
            hasDecodes |= !wants[index].IsPrefill;
        }

        BatchPlan.Compose(
            wants, _tokens.Capacity, BatchPlan.PrefillRoom(_tokens.Capacity, hasDecodes, parts.Pace.PrefillSpeed), shares);
        for (var index = 0; index < wants.Length; index++)
        {
            answers[index].Share = shares[index];
        }
    }

    /// <summary>Computes the shares that are set.</summary>
    public DecodeResult Compute(List<Answer> answers)
    {
        _tokens.Clear();
        foreach (var answer in answers)
        {
            answer.Fill(_tokens);
        }

        var began = parts.Clock.GetTimestamp();
        var result = Decode();
        switch (result)
        {
            case DecodeResult.Ok:
                Measure(answers, parts.Clock.GetElapsedTime(began).TotalSeconds);
                break;
            case DecodeResult.Aborted:
                RollBack(answers);
                break;
        }

        return result;
    }

    private DecodeResult Decode()
    {
        try
        {
            return context.Decode(_tokens);
        }
        catch (Exception error)
        {
            // A bug must not end the thread that all answers need.
            Log.Failed(logger, error);
            return DecodeResult.Fatal;
        }
    }

    private void Measure(List<Answer> answers, double seconds)
    {
        var (prefilled, goesOn) = (0, false);
        foreach (var answer in answers)
        {
            prefilled += answer.Want.IsPrefill ? answer.Share : 0;
            goesOn |= !answer.Want.IsPrefill && answer.Share > 0;
        }

        if (goesOn)
        {
            parts.Pace.WentOn(seconds);
        }

        if (prefilled > 0)
        {
            parts.Pace.Prefilled(prefilled, seconds);
            parts.Meter.Prefilled(prefilled);
        }

        parts.Progress.Decoded(_tokens.Count);
    }

    // A part of it may have been computed.
    private void RollBack(List<Answer> answers)
    {
        foreach (var answer in answers)
        {
            context.RemoveRange(answer.Slot.Sequence, answer.Position);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "A micro-batch failed inside the engine.")]
        public static partial void Failed(ILogger logger, Exception error);
    }
}
