using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Microsoft.Extensions.Time.Testing;
using ShopifyLlmGuard.Inference.Engine;
using ShopifyLlmGuard.Inference.Engine.Admission;
using ShopifyLlmGuard.Inference.Llama;

namespace ShopifyLlmGuard.Inference.Tests.Engine;

/// <summary>The order of turns, for any crowd.</summary>
public sealed class WaitingLineTests
{
    private static readonly Gen<(Priority Priority, int Caller, int Pause)> AnyArrival =
        Gen.Elements(Enum.GetValues<Priority>()).Zip(Gen.Choose(0, 3)).Zip(Gen.Choose(0, 2000)).Select(drawn => (drawn.Item1.Item1, drawn.Item1.Item2, drawn.Item2));

    [Property(MaxTest = 200)]
    public Property Nobody_is_overtaken_by_who_comes_after_their_turn_and_everybody_has_one() => Prop.ForAll(
        AnyArrival.ListOf().ToArbitrary(), arrivals =>
        {
            var clock = new FakeTimeProvider();
            var line = NewLine(clock, new Pace(), queue: 1000);
            var came = new List<Generation>();
            foreach (var (priority, caller, pause) in arrivals)
            {
                clock.Advance(TimeSpan.FromMilliseconds(pause));
                came.Add(Generation(clock, priority, caller));
                Assert.True(line.Enter(came[^1], out _));
            }

            var served = new List<Generation>();
            while (line.Next() is { } next)
            {
                Assert.True(line.TryStart(next));
                served.Add(next);
                line.End(next);
            }

            Assert.Equal(came.Count, served.Count);
            Assert.Equal(served.OrderBy(each => each.Turn).Select(each => each.Turn), served.Select(each => each.Turn));
            // A turn is its patience away, and one's own earlier requests; never what others ask for.
            Assert.All(came, each => Assert.True(each.Turn - each.EnteredAt <= Ticks(clock, each.Request.Priority.Patience())
                + came.Count(own => own.Request.Caller == each.Request.Caller && own.EnteredAt <= each.EnteredAt) * Ticks(clock, TimeSpan.FromMilliseconds(50))));
            return line.Count == 0;
        });

    [Fact]
    public void In_shadow_mode_it_only_says_what_it_would_refuse()
    {
        var (clock, pace) = (new FakeTimeProvider(), new Pace());
        pace.Prefilled(100, seconds: 10);
        var line = NewLine(clock, pace, queue: 1, shadow: true);

        Assert.True(line.Enter(Generation(clock), out var first));
        Assert.True(line.Enter(Generation(clock), out var second));
        Assert.False(line.Enter(Generation(clock), out var third));
        Assert.Equal([Refusal.None, Refusal.DeadlineUnreachable, Refusal.QueueFull], [first.Refusal, second.Refusal, third.Refusal]);
    }

    [Theory]
    // A thousand tokens a second, whatever kept prefixes gave meanwhile; what the first token of a prompt of 3000 takes.
    [InlineData(0, 3000)]
    [InlineData(2900, 100)]
    public void A_kept_prefix_makes_only_its_own_prompt_shorter(int spared, int milliseconds)
    {
        var (clock, pace) = (new FakeTimeProvider(), new Pace());
        for (var round = 0; round < 20; round++)
        {
            pace.Prefilled(100, seconds: 0.1);
            // The few tokens behind a kept prefix.
            pace.Prefilled(2, seconds: 0.05);
        }

        var line = new WaitingLine(
            new AdmissionLimits(2, 1, 0, TimeSpan.FromSeconds(2.5), IsShadow: true), pace, new Progress(clock), clock) { Spares = _ => spared };
        line.Enter(Generation(clock, prompt: 3000), out var verdict);

        Assert.Equal(milliseconds, verdict.FirstTokenIn.TotalMilliseconds, 0.1);
    }

    [Fact]
    public void Who_leaves_makes_room_at_once()
    {
        var clock = new FakeTimeProvider();
        var line = NewLine(clock, new Pace(), queue: 0);
        var first = Generation(clock);

        Assert.True(line.Enter(first, out _));
        Assert.False(line.Enter(Generation(clock), out _));
        Assert.True(line.TryLeave(first));
        Assert.False(line.TryLeave(first));
        Assert.True(line.Enter(Generation(clock), out _));
    }

    [Fact]
    public void A_closed_line_lets_nobody_in_and_returns_who_waited()
    {
        var clock = new FakeTimeProvider();
        var line = NewLine(clock, new Pace(), queue: 8);
        var waiting = Generation(clock);
        line.Enter(waiting, out _);

        Assert.Same(waiting, Assert.Single(line.Close()));
        Assert.False(line.Enter(Generation(clock), out var verdict));
        Assert.Equal(Refusal.Stopping, verdict.Refusal);
        Assert.False(line.WaitForWork());
    }

    [Fact]
    public void Closing_a_line_wakes_the_model_also_when_nobody_waits()
    {
        var clock = new FakeTimeProvider();
        var line = NewLine(clock, new Pace(), queue: 8);
        var work = true;
        var model = new Thread(() => work = line.WaitForWork()) { IsBackground = true };
        model.Start();
        Assert.True(SpinWait.SpinUntil(() => model.ThreadState.HasFlag(ThreadState.WaitSleepJoin), TimeSpan.FromSeconds(30)));

        Assert.Empty(line.Close());

        Assert.True(model.Join(TimeSpan.FromSeconds(30)));
        Assert.False(work);
    }

    [Fact]
    public void Work_that_nobody_takes_shows()
    {
        var clock = new FakeTimeProvider();
        var progress = new Progress(clock);
        var line = new WaitingLine(new AdmissionLimits(1, 8, 0, TimeSpan.FromSeconds(2.5), IsShadow: false), new Pace(), progress, clock);
        Assert.Null(progress.BusyFor);
        line.Enter(Generation(clock), out _);
        clock.Advance(TimeSpan.FromSeconds(6));

        Assert.Equal(TimeSpan.FromSeconds(6), progress.BusyFor);
    }

    private static WaitingLine NewLine(TimeProvider clock, Pace pace, int queue, bool shadow = false) =>
        new(new AdmissionLimits(1, queue, 0, TimeSpan.FromSeconds(2.5), shadow), pace, new Progress(clock), clock);

    private static Generation Generation(TimeProvider clock, Priority priority = Priority.Chat, int caller = 0, int prompt = 40) => new(
        new GenerationRequest(new int[prompt], 8, SamplingSettings.Greedy, []) { Priority = priority, Caller = Caller.Of($"{caller}", "") },
        model: null!,
        sampler: null!,
        clock);

    private static long Ticks(TimeProvider clock, TimeSpan time) => (long)(time.TotalSeconds * clock.TimestampFrequency);
}
