using ShopifyLlmGuard.Inference.Llama;

namespace ShopifyLlmGuard.Inference.Engine;

/// <summary>Computes one answer on a context: the prompt in batches, then token by token. The model's own thread.</summary>
internal sealed class Answering(ILlmModel model, ILlmContext context, Progress progress, InferenceMeter meter, TimeProvider clock)
{
    private const int Sequence = 0;

    private readonly TokenBatch _batch = new(context.BatchSize);

    /// <summary>The context failed and is of no more use.</summary>
    public bool IsBroken { get; private set; }

    public void Run(Generation generation)
    {
        var answer = new Answer(generation, model.CreateSampler(generation.Request.Sampling));
        try
        {
            meter.Waited(clock.GetElapsedTime(generation.EnteredAt));
            var last = Prefill(answer) ?? Continue(answer);
            meter.Ended(OutcomeOf(last), answer.Tokens, answer.FirstAt == 0 ? default : clock.GetElapsedTime(answer.FirstAt));
            generation.Finish(last);
        }
        finally
        {
            answer.Sampler.Dispose();
            if (!IsBroken)
            {
                context.RemoveRange(Sequence, 0);
            }
        }
    }

    private GenerationEvent.Failure? Prefill(Answer answer)
    {
        var prompt = answer.Request.Prompt;
        while (answer.Position < prompt.Length)
        {
            _batch.Clear();
            var end = Math.Min(prompt.Length, answer.Position + context.BatchSize);
            for (var position = answer.Position; position < end; position++)
            {
                answer.Output = _batch.Add(prompt[position], position, Sequence, wantsOutput: position == prompt.Length - 1);
            }

            if (Decode(answer) is { } failure)
            {
                return failure;
            }
        }

        return null;
    }

    private GenerationEvent Continue(Answer answer)
    {
        while (context.Sample(answer.Output, answer.Sampler) is { } token)
        {
            if (answer.Tokens == 0)
            {
                answer.FirstAt = clock.GetTimestamp();
                meter.FirstToken(clock.GetElapsedTime(answer.Generation.EnteredAt), answer.Request.Prompt.Length);
            }

            if (model.IsEndOfGeneration(token))
            {
                return answer.End(hitLimit: false);
            }

            answer.Take(model.TokenToBytes(token).Span);
            if (answer.Text.IsStopped || answer.Tokens == answer.Request.MaxTokens)
            {
                return answer.End(hitLimit: !answer.Text.IsStopped);
            }

            _batch.Clear();
            answer.Output = _batch.Add(token, answer.Position, Sequence, wantsOutput: true);
            if (Decode(answer) is { } failure)
            {
                return failure;
            }
        }

        return new GenerationEvent.Failure(answer.Sampler.IsStuck ? FailureReason.Stuck : FailureReason.NotANumber);
    }

    private GenerationEvent.Failure? Decode(Answer answer)
    {
        while (answer.Generation.CancelledFor is null)
        {
            switch (context.Decode(_batch))
            {
                case DecodeResult.Ok:
                    answer.Position += _batch.Count;
                    progress.Decoded(_batch.Count);
                    return null;
                case DecodeResult.Aborted:
                    // Meant for this answer, or for one that had just ended: then the batch is simply done again.
                    context.RemoveRange(Sequence, answer.Position);
                    continue;
                case DecodeResult.Fatal:
                    IsBroken = true;
                    return new GenerationEvent.Failure(FailureReason.Engine);
                default:
                    return new GenerationEvent.Failure(FailureReason.Engine);
            }
        }

        return new GenerationEvent.Failure(answer.Generation.CancelledFor.Value);
    }

    private static string OutcomeOf(GenerationEvent last) => last switch
    {
        GenerationEvent.End { HitLimit: true } => "length",
        GenerationEvent.End => "stop",
        GenerationEvent.Failure { Reason: FailureReason.NotANumber } => "not-a-number",
        GenerationEvent.Failure failure => failure.Reason.ToString().ToLowerInvariant(),
        _ => "unknown",
    };

    private sealed class Answer(Generation generation, ILlmSampler sampler)
    {
        private bool _hasWords;

        public Generation Generation => generation;

        public GenerationRequest Request => generation.Request;

        public ILlmSampler Sampler => sampler;

        public AnswerText Text { get; } = new(generation.Request.Stops);

        public int Position { get; set; }

        public int Output { get; set; }

        public int Tokens { get; private set; }

        public long FirstAt { get; set; }

        public void Take(ReadOnlySpan<byte> bytes)
        {
            Tokens++;
            Say(Text.Add(bytes));
        }

        public GenerationEvent End(bool hitLimit)
        {
            Say(Text.End());
            return _hasWords
                ? new GenerationEvent.End(hitLimit, Tokens)
                : new GenerationEvent.Failure(FailureReason.Empty);
        }

        private void Say(string text)
        {
            if (text.Length > 0)
            {
                _hasWords |= !string.IsNullOrWhiteSpace(text);
                generation.Say(text);
            }
        }
    }
}
