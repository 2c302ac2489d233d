using ShopifyLlmGuard.Inference.Llama;

namespace ShopifyLlmGuard.Inference.Engine.Scheduling;

/// <summary>
/// Continuous batching: each step lets in whose turn it is, computes one micro-batch for everybody, and hands out the
/// tokens. One thread owns it and the context; what others want reaches it through the line and the generations.
/// </summary>
internal sealed partial class Scheduler(ILlmModel model, ILlmContext context, EngineParts parts, ILogger logger)
{
    private readonly int _owner = Environment.CurrentManagedThreadId;
    private readonly Slots _slots = new(context, parts);
    private readonly MicroBatch _batch = new(context, parts, logger);

    // In order of turn.
    private readonly List<Answer> _answers = new(parts.Limits.Parallel);

    // Values that are not numbers stay in the memory and reach other sequences through masked cells.
    private bool _isTainted;
    private bool _hasFailed;

    /// <summary>The context is of no more use, and nothing runs on it.</summary>
    public bool IsBroken => _hasFailed || (_isTainted && _answers.Count == 0);

    public int Running => _answers.Count;

    public Slots Slots => _slots;

    /// <summary>Computes one micro-batch. Always by the same thread.</summary>
    public void Step()
    {
        if (Environment.CurrentManagedThreadId != _owner)
        {
            throw new InvalidOperationException("A scheduler and its context belong to the thread that made it.");
        }

        DropUnwanted();
        LetIn();
        if (_answers.Count > 0)
        {
            Compute();
        }

        if (!_hasFailed)
        {
            _slots.Report();
        }
    }

    /// <summary>Ends everything that runs.</summary>
    public void FailAll()
    {
        _hasFailed = true;
        for (var index = _answers.Count - 1; index >= 0; index--)
        {
            End(_answers[index], new GenerationEvent.Failure(FailureReason.Engine));
        }

        // Started, but lost on the way here by what failed.
        foreach (var stray in parts.Line.EndRunning())
        {
            stray.Finish(new GenerationEvent.Failure(FailureReason.Engine));
        }
    }

    private void DropUnwanted()
    {
        var now = parts.Clock.GetTimestamp();
        for (var index = _answers.Count - 1; index >= 0; index--)
        {
            if (_answers[index].Generation.IsUnwanted(now))
            {
                End(_answers[index], new GenerationEvent.Failure(_answers[index].Generation.CancelledFor!.Value));
            }
        }
    }

    private void LetIn()
    {
        while (!_isTainted && _answers.Count < parts.Limits.Parallel && parts.Line.Count > 0 && parts.Line.Next() is { } next)
        {
            var now = parts.Clock.GetTimestamp();
            if (next.IsUnwanted(now))
            {
                DropWaiting(next);
                continue;
            }

            if (parts.Line.TryStart(next))
            {
                Start(new Answer(next, model, _slots.Take(next), now));
            }
        }
    }

    private void DropWaiting(Generation generation)
    {
        if (parts.Line.TryLeave(generation))
        {
            parts.Meter.Ended(generation.CancelledFor!.Value);
            generation.Finish(new GenerationEvent.Failure(generation.CancelledFor!.Value));
        }
    }

    private void Start(Answer answer)
    {
        var generation = answer.Generation;
        var place = _answers.FindLastIndex(each => each.Generation.Turn <= generation.Turn) + 1;
        _answers.Insert(place, answer);
        generation.PrefillLeft = generation.Request.Prompt.Length - answer.Slot.Shared;
        parts.Progress.Started(generation.Request.Prompt.Length, answer.Slot.Shared);
        parts.Meter.Waited(parts.Clock.GetElapsedTime(generation.EnteredAt));
    }

    private void Compute()
    {
        _batch.Compose(_answers);
        switch (_batch.Compute(_answers))
        {
            case DecodeResult.Ok:
                HandOut();
                break;
            case DecodeResult.Aborted:
                // For answers that nobody wants any more; whoever else was in the batch is in the next one again.
                break;
            case DecodeResult.NoSlot when _slots.TryEvict():
                break;
            case DecodeResult.NoSlot or DecodeResult.InvalidInput:
                ComputeOneByOne();
                break;
            default:
                FailAll();
                break;
        }
    }

    // One of them is at fault: alone it fails, and the others go on.
    private void ComputeOneByOne()
    {
        Log.BatchRefused(logger, _answers.Count);
        foreach (var (answer, share) in _answers.Where(answer => answer.Share > 0).Select(answer => (answer, answer.Share)).ToArray())
        {
            _answers.ForEach(each => each.Share = each == answer ? share : 0);
            switch (_batch.Compute(_answers))
            {
                case DecodeResult.Ok:
                    HandOut();
                    break;
                case DecodeResult.Aborted:
                    break;
                case DecodeResult.Fatal:
                    FailAll();
                    return;
                default:
                    End(answer, new GenerationEvent.Failure(FailureReason.Engine));
                    break;
            }
        }
    }

    private void HandOut()
    {
        for (var index = _answers.Count - 1; index >= 0; index--)
        {
            var answer = _answers[index];
            answer.Advance();
            if (answer.Output >= 0 && NextOf(answer) is { } last)
            {
                End(answer, last);
            }
        }
    }

    private GenerationEvent? NextOf(Answer answer)
    {
        try
        {
            if (context.Sample(answer.Output, answer.Generation.Sampler) is not { } token)
            {
                var isStuck = answer.Generation.Sampler.IsStuck;
                _isTainted |= !isStuck;
                return new GenerationEvent.Failure(isStuck ? FailureReason.Stuck : FailureReason.NotANumber);
            }

            if (answer.FirstAt == 0)
            {
                answer.FirstAt = parts.Clock.GetTimestamp();
                parts.Meter.FirstToken(parts.Clock.GetElapsedTime(answer.Generation.EnteredAt));
            }

            return answer.Take(token);
        }
        catch (Exception error)
        {
            // A bug in this answer must not end the others.
            Log.AnswerFailed(logger, error);
            return new GenerationEvent.Failure(FailureReason.Engine);
        }
    }

    // First the cells, then the slot, then the word: who hears it finds the room free.
    private void End(Answer answer, GenerationEvent last)
    {
        var generation = answer.Generation;
        _answers.Remove(answer);
        if (!_hasFailed && last is GenerationEvent.End && !_isTainted)
        {
            _slots.Keep(answer.Slot, answer.Position);
        }
        else if (!_hasFailed)
        {
            _slots.Free(answer.Slot);
        }

        parts.Line.End(generation);
        parts.Pace.Ended(parts.Clock.GetElapsedTime(answer.StartedAt).TotalSeconds);
        parts.Progress.Ended();
        parts.Meter.Ended(last, generation.Tokens.Length, answer.FirstAt == 0 ? default : parts.Clock.GetElapsedTime(answer.FirstAt));
        generation.Finish(last);
    }

    private static partial class Log
    {
        [LoggerMessage(2, LogLevel.Error, "An answer failed inside the engine.")]
        public static partial void AnswerFailed(ILogger logger, Exception error);

        [LoggerMessage(3, LogLevel.Warning, "llama.cpp refused a micro-batch of {Answers} answers; each is computed alone.")]
        public static partial void BatchRefused(ILogger logger, int answers);
    }
}
