using FsCheck;
using FsCheck.Fluent;
using ShopifyLlmGuard.Llm;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Tests.Llm;

/// <summary>What holds for every mix of endpoints, failures and policies.</summary>
public sealed class RouterPropertyTests
{
    private static readonly DateTimeOffset Start = new SteppedClock().GetUtcNow();
    private static readonly Gen<TimeSpan> Pause = Gen.Choose(0, 3000).Select(milliseconds => TimeSpan.FromMilliseconds(milliseconds));

    // Words of its own for each script, so that one can tell whose answer it was, and whether all of it.
    private static readonly Gen<string> AnyText =
        from word in Gen.Choose(1, 999_999)
        from words in Gen.Choose(1, 30)
        select string.Join(' ', Enumerable.Repeat($"w{word}", words));

    private static readonly Gen<HostScript> AnyScript = Gen.OneOf(
        Gen.Elements(0, 429, 500, 502, 503, 504, 400, 302).Select(HostScript.Refuses),
        Gen.Constant(HostScript.Hangs),
        from first in Gen.Choose(1, 1000)
        from pause in Gen.Choose(0, 40)
        from text in AnyText
        select HostScript.Says(text, first / 1000.0, pause / 1000.0),
        // Nearly an answer: quick, and one thing is missing.
        from text in AnyText
        from lacking in Gen.Elements<(Ending End, string? Finish)>(
            (Ending.Silent, "stop"), (Ending.Done, null), (Ending.Silent, null), (Ending.Cut, null), (Ending.Cut, "stop"))
        select HostScript.Says(text, 0.01, 0.002, lacking.End, lacking.Finish),
        from first in Pause
        from pause in Gen.Choose(0, 1200)
        from text in AnyText
        from end in Gen.Elements(Enum.GetValues<Ending>())
        from finish in Gen.Elements("stop", "length", "content_filter", null)
        select HostScript.Says(text, first.TotalSeconds, pause / 1000.0, end, finish),
        from status in Gen.Elements(0, 503, 200)
        from after in Pause
        from deaf in Gen.Elements(true, false)
        select new HostScript(status, after, [], Ending.Hang, deaf));

    private static readonly Gen<LlmEndpoint> AnyEndpoint =
        // A description without a place is a mistake for which the whole list is refused; then nothing could be sent at all.
        from jurisdiction in Gen.Elements("EU", "eu", "US", "CH")
        from region in Gen.Elements("a", "b", "c")
        from device in Gen.Elements("one", "two", null)
        from attested in Gen.Elements<int?>(null, null, -1, 0, 500, 100_000, 100_000)
        from weight in Gen.Choose(1, 4)
        select new LlmEndpoint
        {
            Url = "http://127.0.0.1:9", Model = "m", Jurisdiction = jurisdiction, Region = region, Device = device, Weight = weight,
            AttestedUntil = attested is { } left ? Start + TimeSpan.FromMilliseconds(left) : null,
        };

    private static readonly Gen<World> AnyWorld =
        from endpoints in AnyEndpoint.ListOf(5)
        from scripts in AnyScript.ListOf(12)
        from policy in Gen.Elements<string[]>(["EU"], ["EU", "US"], ["eu", ""], ["US", "CH"], ["CH"], ["BR"], [""], [])
        from calls in Gen.Choose(1, 4)
        from ticks in Gen.Choose(5, 420)
        from stream in Gen.Elements(true, false)
        select new World(
            [.. endpoints.Select((endpoint, index) => endpoint with { Id = $"e{index}" })], [.. scripts], [.. policy], calls,
            TimeSpan.FromMilliseconds(10) * ticks, stream);

    // What holds of nothing proves nothing: each property says how often the thing itself happened, and fails when it did not.
    private readonly Dictionary<string, int> happened = [];

    [Fact]
    public void Nothing_is_ever_sent_outside_the_jurisdiction()
    {
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(300), Prop.ForAll(AnyWorld.ToArbitrary(), StaysInside));
        AssertHappened(("sent", 100), ("nobody eligible", 20), ("some not eligible", 50), ("retry", 10), ("hedge", 3));
    }

    [Fact]
    public void No_mix_of_delays_failures_retries_and_hedges_outlasts_the_deadline_by_more_than_a_tick()
    {
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(100), Prop.ForAll(AnyWorld.ToArbitrary(), EndsInTime));
        AssertHappened(("Done", 20), ("out of time", 20), ("retry", 15), ("hedge", 5));
    }

    private void StaysInside(World world)
    {
        using var hosts = world.Open();
        for (var call = 0; call < world.Calls; call++)
        {
            // The clock may run ahead of a thread that has just looked at it, so a proof must hold when the call begins.
            var (began, before) = (hosts.Clock.GetUtcNow(), hosts.Dispatched.Count);
            AssertSound(world.Run(hosts), world);
            Assert.All(hosts.Dispatched.Skip(before), sent =>
            {
                Assert.Contains(sent.Jurisdiction, world.Policy, StringComparer.OrdinalIgnoreCase);
                Assert.False(string.IsNullOrWhiteSpace(sent.Jurisdiction));
                Assert.False(string.IsNullOrWhiteSpace(sent.Region));
                Assert.True(sent.AttestedUntil is null || sent.AttestedUntil > began);
            });
        }

        var eligible = world.Endpoints.Count(world.IsEligibleAtStart);
        Assert.True(eligible > 0 || hosts.Dispatched.IsEmpty);
        Note("sent", !hosts.Dispatched.IsEmpty);
        Note("nobody eligible", eligible == 0);
        Note("some not eligible", eligible > 0 && eligible < world.Endpoints.Count && !hosts.Dispatched.IsEmpty);
        AssertRecorded(world, hosts);
    }

    private void EndsInTime(World world)
    {
        var sound = world with
        {
            Policy = ["EU"],
            Endpoints = [.. world.Endpoints.Select(endpoint => endpoint with { Jurisdiction = "EU", Region = "a", AttestedUntil = null })],
        };
        using var hosts = sound.Open();
        for (var call = 0; call < sound.Calls; call++)
        {
            var began = hosts.Clock.GetUtcNow();
            var parts = sound.Run(hosts);
            var took = hosts.Clock.GetUtcNow() - began;
            Assert.InRange(took, TimeSpan.Zero, sound.Budget + SteppedClock.Tick);
            AssertSound(parts, sound);
            Note("Done", parts[^1] is AnswerPart.Done);
            Note("out of time", took >= sound.Budget);
        }

        NoteTries(hosts);
    }

    // Every request that was sent has its record, also one that lost or that nobody waited for any more; so has a call that was sent to nobody.
    private void AssertRecorded(World world, ScriptedHosts hosts)
    {
        List<AttemptRecord> records = [];
        ((SteppedClock)hosts.Clock).DriveUntil(() => IsComplete(), "every request and every call has its record");
        Assert.All(records, record => Assert.StartsWith($"allows {string.Join(", ", world.Policy)}; ", record.Basis, StringComparison.Ordinal));

        bool IsComplete()
        {
            records.AddRange(NoteTries(hosts));
            return records.Count >= world.Calls && hosts.Dispatched.CountBy(Place).All(sent => records.Count(record => Place(record) == sent.Key) >= sent.Value);
        }
    }

    private static (string?, string?, string?, DateTimeOffset?) Place(LlmEndpoint here) => (here.Id, here.Region, here.Jurisdiction, here.AttestedUntil);

    private static (string?, string?, string?, DateTimeOffset?) Place(AttemptRecord record) => (record.Endpoint, record.Region, record.Jurisdiction, record.AttestedUntil);

    private List<AttemptRecord> NoteTries(ScriptedHosts hosts)
    {
        List<AttemptRecord> records = [];
        while (hosts.Log.Waiting.TryRead(out var record))
        {
            records.Add(record);
            Note(record.Try ?? "none", true);
        }

        return records;
    }

    private void Note(string what, bool isSo) => happened[what] = happened.GetValueOrDefault(what) + (isSo ? 1 : 0);

    private void AssertHappened(params (string What, int Least)[] expected) => Assert.All(
        expected, one => Assert.True(happened.GetValueOrDefault(one.What) >= one.Least, $"'{one.What}' only {happened.GetValueOrDefault(one.What)} times"));

    // One beginning before the first words, and one end; and what is called an answer is all of what one host said.
    private static void AssertSound(IReadOnlyList<AnswerPart> parts, World world)
    {
        if (parts is [AnswerPart.Failed only])
        {
            Assert.Contains(only.Reason, Reasons.All);
            return;
        }

        Assert.IsType<AnswerPart.Began>(parts[0]);
        Assert.All(parts.Skip(1).SkipLast(1), part => Assert.IsType<AnswerPart.Text>(part));
        Assert.True(parts[^1] is AnswerPart.Done { Attempt.Finish: "stop" } or AnswerPart.Incomplete);
        if (parts[^1] is AnswerPart.Done done)
        {
            Assert.Equal(done.Attempt.Text, string.Concat(parts.OfType<AnswerPart.Text>().Select(text => text.Value)));
            Assert.Contains(world.Scripts, script => script.IsWhole && script.Text == done.Attempt.Text);
        }
    }

    private sealed record World(
        IReadOnlyList<LlmEndpoint> Endpoints, IReadOnlyList<HostScript> Scripts, IReadOnlyList<string> Policy, int Calls, TimeSpan Budget, bool Streams)
    {
        public bool IsEligibleAtStart(LlmEndpoint endpoint) =>
            Policy.Contains(endpoint.Jurisdiction, StringComparer.OrdinalIgnoreCase) && !string.IsNullOrWhiteSpace(endpoint.Jurisdiction)
            && endpoint.Region.Length > 0 && (endpoint.AttestedUntil is null || endpoint.AttestedUntil > Start);

        public ScriptedHosts Open()
        {
            var turn = -1;
            return new ScriptedHosts(
                Endpoints, _ => Scripts[Interlocked.Increment(ref turn) % Scripts.Count], llm => llm.HedgeShare = 0.5, new SteppedClock());
        }

        public IReadOnlyList<AnswerPart> Run(ScriptedHosts hosts)
        {
            var call = ScriptedHosts.Call([.. Policy]);
            var clock = (SteppedClock)hosts.Clock;
            if (Streams)
            {
                var streaming = hosts.StreamAsync(call, Budget);
                clock.Drive(streaming, Budget);
                return streaming.GetAwaiter().GetResult();
            }

            var asking = hosts.AskAsync(call, Budget);
            clock.Drive(asking, Budget);
            var attempt = asking.GetAwaiter().GetResult();
            return attempt is { Text: { } text, Endpoint: { } endpoint }
                ? [new AnswerPart.Began(endpoint.Id, "", "", ""), new AnswerPart.Text(text), new AnswerPart.Done(attempt)]
                : [new AnswerPart.Failed(attempt.Reason!, attempt)];
        }
    }
}
