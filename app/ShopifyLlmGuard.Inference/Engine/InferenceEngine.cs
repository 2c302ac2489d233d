using ShopifyLlmGuard.Inference.Engine.Admission;
using ShopifyLlmGuard.Inference.Engine.Scheduling;
using ShopifyLlmGuard.Inference.Llama;

namespace ShopifyLlmGuard.Inference.Engine;

/// <summary>
/// One model, one context and the thread that owns it. Callers submit, read and cancel; nobody but that thread
/// touches the context, and nothing here waits for it.
/// </summary>
internal sealed partial class InferenceEngine : IDisposable
{
    private readonly ILlmModel _model;
    private readonly EngineSettings _settings;
    private readonly EngineParts _parts;
    private readonly ILogger<InferenceEngine> _logger;
    private readonly Thread _thread;
    private ILlmContext _context;

    public InferenceEngine(
        ILlmModel model, EngineSettings settings, InferenceMeter meter, TimeProvider clock, ILogger<InferenceEngine> logger)
    {
        (_model, _settings, _logger) = (model, settings, logger);
        _parts = EngineParts.Of(settings, meter, clock);
        _context = model.CreateContext(settings.Context);
        meter.Watch(_parts.Line, Progress);
        // Not a thread of the pool: it computes for seconds. In the background, so that a stuck decode cannot keep the process.
        _thread = new Thread(Work) { Name = "model", IsBackground = true };
        _thread.Start();
    }

    /// <summary>Raised when the context failed and could not be replaced; the process should end and be started again.</summary>
    public event Action? Failed;

    /// <summary>Tokens that a prompt and its answer may have together.</summary>
    public int Cells => _settings.Longest;

    public Progress Progress => _parts.Progress;

    /// <summary>How many requests wait.</summary>
    public int Queued => _parts.Line.Count;

    /// <summary>What <see cref="Submit"/> would say now; lets a caller skip the work before it.</summary>
    public Verdict Look(Applicant applicant, Caller caller)
    {
        var verdict = _parts.Line.Look(applicant, caller);
        return _settings.Admission.Overlooks(verdict.Refusal) ? verdict with { Refusal = Refusal.None } : verdict;
    }

    /// <summary>Takes a request, or says at once why not.</summary>
    public (Generation? Generation, Verdict Verdict) Submit(GenerationRequest request)
    {
        if (request.Prompt.Length == 0 || request.MaxTokens < 1 || request.Prompt.Length + request.MaxTokens > Cells)
        {
            throw new ArgumentException("The prompt and its answer do not fit the context.", nameof(request));
        }

        var generation = new Generation(request, _model, _model.CreateSampler(request.Sampling), _parts.Clock);
        var isIn = _parts.Line.Enter(generation, out var verdict);
        if (isIn && verdict.Refusal is not Refusal.None)
        {
            _parts.Meter.RefusedInShadow(verdict.Refusal);
        }
        else if (!isIn)
        {
            generation.Sampler.Dispose();
        }

        return (isIn ? generation : null, verdict);
    }

    /// <summary>Drops the work: at once when it waits, with the next micro-batch when it runs. Harmless when it is over.</summary>
    public void Cancel(Generation generation, FailureReason reason)
    {
        if (!generation.TryCancel(reason))
        {
            return;
        }

        if (_parts.Line.TryLeave(generation))
        {
            _parts.Meter.Ended(reason);
            generation.Finish(new GenerationEvent.Failure(reason));
        }
        else if (_parts.Line.RunsForNobody())
        {
            Volatile.Read(ref _context).RequestAbort();
        }
    }

    /// <summary>Takes nothing more, and ends what waits and what runs.</summary>
    public void Stop()
    {
        foreach (var left in _parts.Line.Close())
        {
            left.TryCancel(FailureReason.Stopping);
            left.Finish(new GenerationEvent.Failure(FailureReason.Stopping));
        }

        _parts.Line.CancelRunning(FailureReason.Stopping);
        if (_parts.Line.RunsForNobody())
        {
            Volatile.Read(ref _context).RequestAbort();
        }
    }

    public void Dispose()
    {
        Stop();
        // A thread that does not come back keeps its context; freeing it under its hands would end the process.
        if (_thread.Join(TimeSpan.FromSeconds(3)))
        {
            _context.Dispose();
            _model.Dispose();
        }
    }

    private void Work()
    {
        var scheduler = new Scheduler(_model, _context, _parts, _logger);
        while (_parts.Line.WaitForWork())
        {
            Step(scheduler);
            if (scheduler.IsBroken && !TryReplaceContext(ref scheduler))
            {
                return;
            }
        }
    }

    private void Step(Scheduler scheduler)
    {
        try
        {
            scheduler.Step();
        }
        catch (Exception error)
        {
            // A bug must not end the thread that all answers need.
            Log.StepFailed(_logger, error);
            scheduler.FailAll();
        }
    }

    private bool TryReplaceContext(ref Scheduler scheduler)
    {
        Log.ReplacesContext(_logger);
        try
        {
            _context.Dispose();
            Volatile.Write(ref _context, _model.CreateContext(_settings.Context));
            scheduler = new Scheduler(_model, _context, _parts, _logger);
            return true;
        }
        catch (Exception error)
        {
            Log.ContextLost(_logger, error);
            foreach (var left in _parts.Line.Close())
            {
                left.Finish(new GenerationEvent.Failure(FailureReason.Engine));
            }

            Failed?.Invoke();
            return false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(11, LogLevel.Warning, "llama.cpp failed; its context is replaced.")]
        public static partial void ReplacesContext(ILogger logger);

        [LoggerMessage(13, LogLevel.Error, "A step failed inside the engine.")]
        public static partial void StepFailed(ILogger logger, Exception error);

        [LoggerMessage(12, LogLevel.Critical, "The context could not be replaced.")]
        public static partial void ContextLost(ILogger logger, Exception error);
    }
}
