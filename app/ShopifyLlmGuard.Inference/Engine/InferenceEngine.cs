using ShopifyLlmGuard.Inference.Llama;

namespace ShopifyLlmGuard.Inference.Engine;

/// <summary>
/// One model, one context and the thread that owns it. Callers submit, read and cancel; nobody but that thread
/// touches the context, and nothing here waits for it.
/// </summary>
internal sealed partial class InferenceEngine : IDisposable
{
    private readonly ILlmModel _model;
    private readonly ContextSettings _settings;
    private readonly WaitingLine _line;
    private readonly InferenceMeter _meter;
    private readonly TimeProvider _clock;
    private readonly ILogger<InferenceEngine> _logger;
    private readonly Thread _thread;
    private ILlmContext _context;
    private volatile Generation? _running;

    public InferenceEngine(
        ILlmModel model, ContextSettings settings, WaitingLine line, Progress progress, InferenceMeter meter,
        TimeProvider clock, ILogger<InferenceEngine> logger)
    {
        (_model, _settings, _line, Progress, _meter, _clock, _logger) = (model, settings, line, progress, meter, clock, logger);
        _context = model.CreateContext(settings);
        Cells = Math.Min(_context.Cells, settings.Cells);
        // Not a thread of the pool: it computes for seconds. In the background, so that a stuck decode cannot keep the process.
        _thread = new Thread(Work) { Name = "model", IsBackground = true };
        _thread.Start();
    }

    /// <summary>Raised when the context failed and could not be replaced; the process should end and be started again.</summary>
    public event Action? Failed;

    /// <summary>Tokens that a prompt and its answer may have together.</summary>
    public int Cells { get; }

    public Progress Progress { get; }

    /// <summary>How many requests wait.</summary>
    public int Queued => _line.Count;

    /// <summary>True from <see cref="Stop"/> on.</summary>
    public bool IsStopping => _line.IsClosed;

    /// <summary>True when a request would be refused now; lets a caller skip the work before <see cref="TrySubmit"/>.</summary>
    public bool IsFull => _line.IsFull;

    /// <summary>Takes a request, or returns null at once when there is no place.</summary>
    public Generation? TrySubmit(GenerationRequest request)
    {
        if (request.Prompt.Length == 0 || request.MaxTokens < 1 || request.Prompt.Length + request.MaxTokens > Cells)
        {
            throw new ArgumentException("The prompt and its answer do not fit the context.", nameof(request));
        }

        var generation = new Generation(request, _clock);
        return _line.TryEnter(generation) ? generation : null;
    }

    /// <summary>Drops the work: at once when it waits, within one batch when it runs. Harmless when it is over.</summary>
    public void Cancel(Generation generation, FailureReason reason)
    {
        if (!generation.TryCancel(reason))
        {
            return;
        }

        if (_line.TryLeave(generation))
        {
            _meter.Ended(reason.ToString().ToLowerInvariant(), 0, default);
            generation.Finish(new GenerationEvent.Failure(reason));
        }
        else if (ReferenceEquals(_running, generation))
        {
            Volatile.Read(ref _context).RequestAbort();
        }
    }

    /// <summary>Takes nothing more, and ends what waits and what runs.</summary>
    public void Stop()
    {
        foreach (var left in _line.Close())
        {
            left.TryCancel(FailureReason.Stopping);
            left.Finish(new GenerationEvent.Failure(FailureReason.Stopping));
        }

        if (_running is { } running)
        {
            Cancel(running, FailureReason.Stopping);
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
        var answering = new Answering(_model, _context, Progress, _meter, _clock);
        while (_line.Take() is { } generation)
        {
            _running = generation;
            Progress.Started();
            Answer(answering, generation);
            _running = null;
            Progress.Ended(isIdle: _line.Count == 0);
            if (answering.IsBroken && !TryReplaceContext(ref answering))
            {
                return;
            }
        }
    }

    private void Answer(Answering answering, Generation generation)
    {
        try
        {
            answering.Run(generation);
        }
        catch (Exception error)
        {
            // A bug in this answer must not end the thread that all other answers need.
            Log.AnswerFailed(_logger, error);
            generation.Finish(new GenerationEvent.Failure(FailureReason.Engine));
        }
    }

    private bool TryReplaceContext(ref Answering answering)
    {
        Log.ReplacesContext(_logger);
        try
        {
            _context.Dispose();
            Volatile.Write(ref _context, _model.CreateContext(_settings));
            answering = new Answering(_model, _context, Progress, _meter, _clock);
            return true;
        }
        catch (Exception error)
        {
            Log.ContextLost(_logger, error);
            foreach (var left in _line.Close())
            {
                left.Finish(new GenerationEvent.Failure(FailureReason.Engine));
            }

            Failed?.Invoke();
            return false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "An answer failed inside the engine.")]
        public static partial void AnswerFailed(ILogger logger, Exception error);

        [LoggerMessage(2, LogLevel.Warning, "llama.cpp failed; its context is replaced.")]
        public static partial void ReplacesContext(ILogger logger);

        [LoggerMessage(3, LogLevel.Critical, "The context could not be replaced.")]
        public static partial void ContextLost(ILogger logger, Exception error);
    }
}
