using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using ShopifyLlmGuard.Health;

namespace ShopifyLlmGuard.Tests.Health;

/// <summary>What must hold whatever happens to an endpoint, in whatever order; and that these tests would notice if it did not.</summary>
public sealed class HealthInvariantTests
{
    private static readonly HealthOptions Options = new();
    private static readonly Decision Real = (now, evidence) => HealthPolicy.Decide(now, evidence, Options).State;

    // Runs of one kind of news, as endpoints have them: ten probes at random are hardly ever five good ones in a row.
    private static readonly Gen<IList<Run>> AnyLife = (
        from news in Gen.Elements(Enum.GetValues<News>())
        from times in Gen.Choose(1, 8)
        from pause in Gen.Choose(10, 2000)
        select new Run(news, times, TimeSpan.FromMilliseconds(pause))).ListOf().Select(runs => (IList<Run>)runs.ToList());

    private delegate EndpointState Decision(EndpointHealth now, Evidence evidence);

    public enum News
    {
        Good,
        Bad,
        OwnFault,
        Silence,
        FailingTraffic,
        Standstill,
        FullMemory,
    }

    [Property(MaxTest = 500)]
    public Property It_never_comes_back_sooner_than_the_dwell() => NeverFlaps(Real);

    [Property(MaxTest = 500)]
    public Property It_always_recovers_when_good_news_goes_on() => AlwaysRecovers(Real);

    [Property(MaxTest = 500)]
    public Property Without_any_bad_news_it_stays_up() => NeverFallsForNothing(Real);

    [Fact]
    public void A_policy_without_the_dwell_would_be_noticed() => Assert.ThrowsAny<Exception>(
        NeverFlaps((now, evidence) => HealthPolicy.Decide(now with { Since = now.Since?.AddHours(-1) }, evidence, Options).State).QuickCheckThrowOnFailure);

    [Fact]
    public void A_policy_that_does_not_forgive_would_be_noticed() => Assert.ThrowsAny<Exception>(
        AlwaysRecovers((now, evidence) => now.State == EndpointState.Down ? EndpointState.Down : Real(now, evidence)).QuickCheckThrowOnFailure);

    [Fact]
    public void A_policy_that_takes_silence_for_bad_news_would_be_noticed() => Assert.ThrowsAny<Exception>(
        NeverFallsForNothing((now, evidence) => evidence.Probes.Count(probe => !probe.Good) >= 3 ? EndpointState.Down : Real(now, evidence)).QuickCheckThrowOnFailure);

    private static Property NeverFlaps(Decision decide) => Prop.ForAll(AnyLife.ToArbitrary(), life =>
    {
        var one = new Endpoint(decide);
        one.Live(life);
        return one.Absences.All(absence => absence >= Options.MinimumDwell);
    });

    private static Property AlwaysRecovers(Decision decide) => Prop.ForAll(AnyLife.ToArbitrary(), life =>
    {
        var one = new Endpoint(decide);
        one.Live(life);
        one.Live([new Run(News.Good, Options.GoodToUp + 1, TimeSpan.FromSeconds(1))]);
        return one.Now.State == EndpointState.Up;
    });

    private static Property NeverFallsForNothing(Decision decide) => Prop.ForAll(AnyLife.ToArbitrary(), life =>
    {
        var one = new Endpoint(decide);
        one.Live(life.Where(run => run.News is News.Good or News.OwnFault or News.Silence));
        return one.Now.State == EndpointState.Up && one.Absences.Count == 0;
    });

    public sealed record Run(News News, int Times, TimeSpan Pause);

    /// <summary>An endpoint as the guard follows it.</summary>
    private sealed class Endpoint(Decision decide)
    {
        private readonly List<ProbeResult> probes = [];
        private DateTimeOffset time = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);
        private DateTimeOffset? left;

        public EndpointHealth Now { get; private set; } = new("e", "eu", "EU", EndpointState.Up, null, null);

        /// <summary>For how long it was not up, each time that it came back.</summary>
        public List<TimeSpan> Absences { get; } = [];

        public void Live(IEnumerable<Run> life)
        {
            foreach (var run in life.SelectMany(run => Enumerable.Repeat(run, run.Times)))
            {
                time += run.Pause;
                Meet(run.News);
            }
        }

        private void Meet(News news)
        {
            if (news is News.Good or News.Bad or News.OwnFault)
            {
                probes.Insert(0, new ProbeResult { Endpoint = "e", At = time, Good = news == News.Good, IsOwnFault = news == News.OwnFault, Milliseconds = 1 });
            }

            var traffic = new TrafficFacts(news == News.FailingTraffic ? 0.5 : null, null);
            var host = new HostFacts(news == News.Standstill ? Options.StalledAfter : null, news == News.FullMemory ? Options.TightFor : null);
            var next = decide(Now, new Evidence(probes, traffic, host, time));
            if (next == Now.State)
            {
                return;
            }

            if (Now.State == EndpointState.Up)
            {
                left = time;
            }
            else if (next == EndpointState.Up)
            {
                Absences.Add(time - left!.Value);
            }

            Now = Now with { State = next, Since = time };
        }
    }
}
