using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Microsoft.Extensions.Time.Testing;
using ShopifyLlmGuard.Inference.Engine;
using ShopifyLlmGuard.Inference.Engine.Admission;
using ShopifyLlmGuard.Inference.Llama;

namespace ShopifyLlmGuard.Inference.Tests.Engine;

/// <summary>Whoever is let in has room for prompt and longest answer, whatever others do; nobody else ever has the same room.</summary>
public sealed class ReservationTests
{
    private static readonly Gen<(int Kind, int One, int Other)> AnyMove =
        Gen.Choose(0, 11).Zip(Gen.Choose(0, 59)).Zip(Gen.Choose(0, 59)).Select(drawn => (drawn.Item1.Item1, drawn.Item1.Item2, drawn.Item2));

    [Property(MaxTest = 400, EndSize = 200)]
    public Property No_schedule_takes_cells_twice_or_leaves_anybody_without() => Prop.ForAll(
        AnyMove.ListOf().Zip(Gen.Choose(1, 4)).Zip(Gen.Choose(40, 200)).ToArbitrary(), drawn =>
        {
            var ((moves, parallel), cells) = drawn;
            using var world = new World(parallel, cells);
            foreach (var (kind, one, other) in moves)
            {
                world.Move(kind, one, other);
                world.Check();
            }

            world.Finish();
            return true;
        });

    [Fact]
    public void Who_is_let_in_need_not_wait_for_cells_until_it_is_too_late()
    {
        var house = new Line(cells: 100);
        // Answers were short so far; the one that runs may take 90 tokens of a tenth of a second each.
        house.Pace.Ended(seconds: 0.1);
        house.Pace.WentOn(seconds: 0.1);
        house.Start(house.Enter(prompt: 5, most: 90)!);

        Assert.Null(house.Enter(prompt: 5, most: 10, out var verdict));
        Assert.Equal((Refusal.DeadlineUnreachable, 9), (verdict.Refusal, (int)verdict.RetryAfter!.Value.TotalSeconds));
        Assert.NotNull(house.Enter(prompt: 2, most: 3));
        // Nobody waits for batch work.
        Assert.NotNull(house.Enter(prompt: 5, most: 10, priority: Priority.Batch));
    }

    [Fact]
    public void Who_would_make_another_wait_too_long_for_promised_cells_is_refused()
    {
        var house = new Line(cells: 100);
        house.Pace.WentOn(seconds: 0.1);
        house.Start(house.Enter(prompt: 40, most: 15)!);
        var promised = house.Enter(prompt: 60, most: 20, priority: Priority.Recommendations)!;
        Assert.False(promised.HasCells);

        // Its turn is before, and it would keep the other's cells for 4 seconds.
        Assert.Null(house.Enter(prompt: 5, most: 40, out var verdict));
        Assert.Equal(Refusal.DeadlineUnreachable, verdict.Refusal);
        Assert.NotNull(house.Enter(prompt: 5, most: 10));
    }

    [Fact]
    public void Cells_of_a_kept_prefix_are_free_and_an_unsure_prefix_spares_nothing()
    {
        using var world = new World(parallel: 2, cells: 100);
        world.Enter("abcdefghijklmnopqrstuvwxyz", most: 50);
        world.Finish();
        Assert.Equal(100, world.Line.FreeCells);

        var heir = world.Enter("abcdefghijklmnopqrstuvwxyz!", most: 50);
        Assert.Equal((true, 77, 23), (heir!.HasCells, heir.Cells, world.Line.FreeCells));
    }

    [Property(MaxTest = 300, EndSize = 150)]
    public Property Whoever_is_promised_cells_has_them_in_time_however_soon_others_leave() => Prop.ForAll(
        AnyMove.ListOf().ToArbitrary(), moves =>
        {
            var house = new Line(cells: 60);
            house.Pace.WentOn(seconds: 0.1);
            foreach (var (kind, one, other) in moves)
            {
                if (kind < 5)
                {
                    house.Enter(prompt: 1 + one / 3, most: 1 + other / 2);
                }
                else if (kind < 7)
                {
                    house.Leave(one);
                }
                else
                {
                    house.Tick();
                }

                Assert.True(house.Waiting.FreeCells >= 0);
            }

            while (house.Waiting.Count > 0)
            {
                house.Tick();
            }

            return true;
        });

    // A line on its own: every answer says a token in each tenth of a second, and nothing else takes time.
    private sealed class Line
    {
        private static readonly TimeSpan Tenth = TimeSpan.FromSeconds(0.1);
        private readonly FakeTimeProvider _clock = new();
        private readonly List<Generation> _waiting = [];
        private readonly List<Generation> _running = [];
        private int _callers;

        public Line(int cells) => Waiting = new WaitingLine(
            new AdmissionLimits(100, 100, 0, TimeSpan.FromSeconds(2.5), IsShadow: false) { Cells = cells }, Pace, new Progress(_clock), _clock);

        public Pace Pace { get; } = new();

        public WaitingLine Waiting { get; }

        public Generation? Enter(int prompt, int most, Priority priority = Priority.Chat) => Enter(prompt, most, out _, priority);

        public Generation? Enter(int prompt, int most, out Verdict verdict, Priority priority = Priority.Chat)
        {
            var request = new GenerationRequest(new int[prompt], most, SamplingSettings.Greedy, []) { Priority = priority, Caller = Caller.Of($"{_callers++}", "") };
            var generation = new Generation(request, model: null!, sampler: null!, _clock);
            if (!Waiting.Enter(generation, out verdict))
            {
                return null;
            }

            _waiting.Add(generation);
            return generation;
        }

        public void Start(Generation generation)
        {
            Assert.True(_clock.GetTimestamp() <= generation.CellsBy, "It has its cells too late.");
            Assert.True(Waiting.TryStart(generation));
            _waiting.Remove(generation);
            _running.Add(generation);
        }

        public void Leave(int which)
        {
            var all = _waiting.Concat(_running).ToArray();
            if (all.Length == 0)
            {
                return;
            }

            var leaving = all[which % all.Length];
            if (!Waiting.TryLeave(leaving))
            {
                End(leaving);
            }

            _waiting.Remove(leaving);
        }

        public void Tick()
        {
            while (Waiting.Next() is { } next)
            {
                Start(next);
            }

            _clock.Advance(Tenth);
            _running.ForEach(each => each.Say(1));
            foreach (var over in _running.Where(each => each.Tokens.Length == each.Request.MaxTokens).ToArray())
            {
                End(over);
            }
        }

        private void End(Generation generation)
        {
            _running.Remove(generation);
            Waiting.Holds(_running.Sum(each => each.Cells));
            Waiting.End(generation);
        }
    }
}
