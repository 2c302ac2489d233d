using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using ShopifyLlmGuard.Inference.Engine;
using ShopifyLlmGuard.Inference.Engine.Admission;
using ShopifyLlmGuard.Inference.Engine.Scheduling;
using ShopifyLlmGuard.Inference.Llama;

namespace ShopifyLlmGuard.Inference.Tests.Engine;

/// <summary>The engine on a memory that counts, moved by arrivals, departures, aborts, failures and micro-batches in any order.</summary>
internal sealed class World : IDisposable
{
    private const string Beginning = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz";
    private readonly FakeTimeProvider _clock = new();
    private readonly CountingModel _model = new(endsOneIn: 25);
    private readonly EngineSettings _settings;
    private readonly EngineParts _parts;
    private readonly List<Generation> _in = [];
    private readonly HashSet<Generation> _failed = [];
    private CountingContext _context;
    private Scheduler _scheduler;
    private int _number;

    public World(int parallel, int cells)
    {
        var limits = new AdmissionLimits(parallel, 6, 0, TimeSpan.FromSeconds(2.5), IsShadow: false);
        _settings = new EngineSettings(new ContextSettings(cells, 16, parallel + 3, 1), cells, limits, KeptCells: cells / 2);
        _parts = EngineParts.Of(_settings, Meters.NewMeter(), _clock);
        (_context, _scheduler) = Begin();
    }

    public WaitingLine Line => _parts.Line;

    private IEnumerable<Generation> Left => _in.Where(each => each.Last is null);

    public void Move(int kind, int one, int other)
    {
        switch (kind)
        {
            case < 4:
                var within = other % 7 == 0 ? TimeSpan.FromMilliseconds(one) : default(TimeSpan?);
                Enter(Beginning[..(one % 50)] + $"#{_number++}", 1 + other, caller: one % 2, (Priority)(kind % 3), within);
                break;
            case 4 when Left.ElementAtOrDefault(one % 8) is { } leaving:
                Cancel(leaving);
                break;
            case 5 when one < 20:
                _context.RequestAbort();
                break;
            case 6 when one < 6:
                Fail();
                break;
            default:
                Step();
                break;
        }
    }

    public Generation? Enter(string prompt, int most, int caller = 0, Priority priority = Priority.Chat, TimeSpan? within = null)
    {
        if (prompt.Length + most > _settings.Longest)
        {
            return null;
        }

        var request = new GenerationRequest(_model.Tokenize(prompt), most, SamplingSettings.Greedy, [])
        {
            Caller = Caller.Of($"{caller}", ""), Priority = priority, Within = within,
        };
        var generation = new Generation(request, _model, _model.CreateSampler(request.Sampling), _clock);
        if (!Line.Enter(generation, out _))
        {
            return null;
        }

        _in.Add(generation);
        return generation;
    }

    /// <summary>What must hold at any time.</summary>
    public void Check()
    {
        var waiting = Left.Where(each => !IsStarted(each)).OrderBy(each => each.Turn).ToArray();
        var (total, inUse, kept) = _parts.Progress.Cells;
        Assert.Equal(0, _context.Failures);
        Assert.True(Line.FreeCells >= 0, "More is set aside than there is.");
        Assert.Equal(_settings.Context.Cells - inUse - waiting.Where(each => each.HasCells).Sum(each => each.Cells), Line.FreeCells);
        Assert.InRange(_context.Used, 0, inUse + kept);
        Assert.InRange(inUse + kept, 0, total);
        // Nobody waits for cells that nobody has, and there is always somebody who can go on.
        Assert.All(waiting.Where(each => !each.HasCells).Take(1), first => Assert.True(first.Cells > Line.FreeCells));
        Assert.True(waiting.Length == 0 || _scheduler.Running > 0 || waiting.Any(each => each.HasCells));
    }

    /// <summary>Everybody who was let in is answered, and everything is given back.</summary>
    public void Finish()
    {
        for (var steps = 0; Left.Any(); steps++)
        {
            Assert.True(steps < 20_000, "Somebody waits for ever.");
            Step();
        }

        Assert.Equal((0, _settings.Context.Cells), (_context.Failures, Line.FreeCells));
        Assert.All(_in, each => Assert.True(each.Last is not GenerationEvent.Failure { Reason: FailureReason.Engine } || _failed.Contains(each)));
    }

    public void Dispose() => _model.Dispose();

    private static bool IsStarted(Generation generation) => generation.Held > 0;

    private (CountingContext Context, Scheduler Scheduler) Begin()
    {
        var context = (CountingContext)_model.CreateContext(_settings.Context);
        var scheduler = new Scheduler(_model, context, _parts, NullLogger.Instance);
        scheduler.Slots.Report();
        return (context, scheduler);
    }

    private void Step()
    {
        _scheduler.Step();
        _clock.Advance(TimeSpan.FromMilliseconds(5));
    }

    // As InferenceEngine does.
    private void Cancel(Generation generation)
    {
        if (generation.TryCancel(FailureReason.Cancelled) && Line.TryLeave(generation))
        {
            generation.Finish(new GenerationEvent.Failure(FailureReason.Cancelled));
        }
    }

    private void Fail()
    {
        _failed.UnionWith(Left.Where(IsStarted));
        _scheduler.FailAll();
        Assert.Equal(0, _context.Failures);
        (_context, _scheduler) = Begin();
    }
}
