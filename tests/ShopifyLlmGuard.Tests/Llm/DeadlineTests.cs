using System.Diagnostics;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using ShopifyLlmGuard.Chat;
using ShopifyLlmGuard.Incidents.Answers;
using ShopifyLlmGuard.Llm;
using ShopifyLlmGuard.Protections;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Tests.Llm;

public sealed class DeadlineTests
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(10);

    /// <summary>What the work inside a budget does, step by step.</summary>
    public enum Move
    {
        WaitAndListen,
        WaitDeaf,
        Throw,
        Answer,
    }

    [Property(MaxTest = 200)]
    public Property No_mix_of_delays_and_failures_outlasts_the_budget_by_more_than_a_tick() => Prop.ForAll(
        Gen.Elements(Enum.GetValues<Move>()).Zip(Gen.Choose(0, 3000)).ListOf().ToArbitrary(), steps =>
        {
            var clock = new FakeTimeProvider();
            var meter = new GuardMeter(new Meters());
            var log = new AttemptLog(meter, new AnswerCounts(clock), new ProtectionProofs(clock), clock, NullLogger<AttemptLog>.Instance);
            var budget = new AnswerBudget(log, Options.Create(new TimeOptions()), clock, NullLogger<AnswerBudget>.Instance);
            var began = clock.GetUtcNow();
            var answering = budget.AnswerAsync("shop", "chat", (_, stop) => WorkAsync(steps, clock, stop), Of, default);
            Assert.True(Drive(answering, clock, began + TimeSpan.FromSeconds(4.2) + Tick), "No answer at the end of the budget.");
            return answering.IsCompletedSuccessfully;
        });

    [Fact]
    public async Task Work_that_blocks_its_thread_does_not_hold_the_answer_up()
    {
        var log = new AttemptLog(new GuardMeter(new Meters()), new AnswerCounts(TimeProvider.System), new ProtectionProofs(TimeProvider.System), TimeProvider.System, NullLogger<AttemptLog>.Instance);
        var times = new TimeOptions { Chat = TimeSpan.FromMilliseconds(200) };
        var budget = new AnswerBudget(log, Options.Create(times), TimeProvider.System, NullLogger<AnswerBudget>.Instance);
        using var released = new ManualResetEventSlim();
        var watch = Stopwatch.StartNew();
        var answer = await budget.AnswerAsync(
            "shop", "chat", (_, _) => { released.Wait(TimeSpan.FromSeconds(20), CancellationToken.None); return Task.FromResult(Of("late")); }, Of, default);
        released.Set();
        Assert.Equal(Reasons.Timeout, answer.Reason);
        Assert.InRange(watch.Elapsed, TimeSpan.FromMilliseconds(190), TimeSpan.FromSeconds(5));
    }

    private static Answer Of(string reason) => new("chat", Mode.Live, "static", reason, ChatReply.Empty, null, null, null);

    private static async Task<Answer> WorkAsync(IEnumerable<(Move Move, int Milliseconds)> steps, TimeProvider clock, CancellationToken stop)
    {
        foreach (var (step, milliseconds) in steps)
        {
            switch (step)
            {
                case Move.WaitAndListen:
                    await Task.Delay(TimeSpan.FromMilliseconds(milliseconds), clock, stop);
                    break;
                case Move.WaitDeaf:
                    await Task.Delay(TimeSpan.FromMilliseconds(milliseconds), clock, CancellationToken.None);
                    break;
                case Move.Throw:
                    throw new InvalidOperationException("a failure");
                default:
                    return Of("answered");
            }
        }

        return Of("answered");
    }

    // Moves the clock on in ticks until the answer is there or the limit is reached; real threads get a moment at each tick.
    private static bool Drive(Task answering, FakeTimeProvider clock, DateTimeOffset limit)
    {
        while (!answering.IsCompleted && clock.GetUtcNow() < limit)
        {
            answering.Wait(TimeSpan.FromMilliseconds(0.2));
            clock.Advance(Tick);
        }

        return answering.Wait(TimeSpan.FromSeconds(20));
    }

    private sealed class Meters : System.Diagnostics.Metrics.IMeterFactory
    {
        public System.Diagnostics.Metrics.Meter Create(System.Diagnostics.Metrics.MeterOptions options) => new(options);

        public void Dispose()
        {
        }
    }
}
