using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Microsoft.EntityFrameworkCore;
using ShopifyLlmGuard.Incidents.Formats;
using ShopifyLlmGuard.Incidents.Signals;

namespace ShopifyLlmGuard.Tests.Incidents;

/// <summary>However signals are dropped, reordered, duplicated and replayed, what is held is what the newest of each thing asks for.</summary>
public sealed class OrderTests : IAsyncLifetime
{
    private static readonly Gen<IncidentSignal> AnySignal =
        from key in Gen.Elements("a", "b", "c")
        from state in Gen.Elements(SignalState.Firing, SignalState.Resolved)
        from second in Gen.Choose(0, 6)
        from severity in Gen.Elements(Severity.Critical, Severity.Warning, Severity.Info)

        // What a source says of one moment is one thing.
        let at = Signals.Start.AddSeconds(second)
        select Signals.Of(key, state, at, state == SignalState.Resolved ? Severity.Critical : (Severity)(1 + ((second + key[0]) % 4)), second % 2 == 0 ? "us" : "eu");

    private static readonly Gen<Scenario> AnyScenario =
        from signals in AnySignal.ListOf(9)
        let newest = signals.GroupBy(signal => signal.DedupKey).Select(same => same.OrderBy(signal => signal.UpdatedAt).ThenBy(signal => signal.State).Last()).ToList()
        from dropped in Gen.SubListOf((IEnumerable<IncidentSignal>)signals)
        from repeated in Gen.SubListOf((IEnumerable<IncidentSignal>)signals)
        from delivered in Gen.Shuffle(signals.Except(dropped).Concat(newest).Concat(repeated).ToArray())
        from replayed in Gen.SubListOf((IEnumerable<IncidentSignal>)delivered)
        select new Scenario([.. signals], [.. delivered, .. replayed]);

    private Guard guard = null!;

    public async Task InitializeAsync() => guard = await Guard.StartAsync(settings: Signals.Rule);

    public async Task DisposeAsync() => await guard.DisposeAsync();

    [Property(MaxTest = 15)]
    public Property The_pins_are_those_of_the_deliveries_in_order() => Prop.ForAll(AnyScenario.ToArbitrary(), scenario =>
    {
        var inOrder = Run(scenario.Told.OrderBy(signal => signal.UpdatedAt).ThenBy(signal => signal.State));
        var asDelivered = Run(scenario.Delivered);
        Assert.Equal(inOrder, asDelivered);
        return (inOrder.Length > 0).Classify(inOrder.Length > 0, "something is held").Or(true);
    });

    // Words are a state and its second by the source. What tells only its state tells by its arrival what is newer, unless that is so close
    // that the network may have turned it round: a firing alert whose end was said in error must not be taken for late.
    [Theory]
    [InlineData("F1 R2", "", "")]
    [InlineData("R2 F1", "", "chat")]
    [InlineData("F1 R2 F1", "", "chat")]
    [InlineData("F1 R2 F1 F1", "", "chat")]
    [InlineData("F1 R2 F1 R2", "", "chat")]
    [InlineData("F1 R2 F1 R3", "", "")]
    [InlineData("F1 R2 F3", "chat", "chat")]
    [InlineData("F3 R2 F1", "chat", "chat")]
    [InlineData("R5 F3", "", "chat")]
    [InlineData("R2 R5 F3", "", "chat")]
    [InlineData("F1 F1 F1", "chat", "chat")]
    [InlineData("F2 R2", "", "")]
    [InlineData("R2 F2", "", "chat")]
    public async Task A_late_beginning_does_not_toggle_again_and_one_that_is_true_again_does(string came, string held, string heldByState)
    {
        Assert.Equal(held, await HeldAsync(came, IncidentSources.Guard, TimeSpan.FromMinutes(5)));
        Assert.Equal(held, await HeldAsync(came, IncidentSources.Alertmanager, TimeSpan.FromMilliseconds(100)));
        Assert.Equal(heldByState, await HeldAsync(came, IncidentSources.Alertmanager, TimeSpan.FromMinutes(5)));
        Assert.Equal(heldByState, await HeldAsync(came, IncidentSources.Grafana, TimeSpan.FromMinutes(5)));
    }

    [Property(MaxTest = 300)]
    public Property What_tells_only_its_state_ends_as_it_last_came_in_whatever_order_it_is_worked_off() => Prop.ForAll(
        Gen.Choose(0, 2).ListOf().Where(list => list.Count > 0).Zip(Gen.Choose(0, int.MaxValue)).ToArbitrary(), given =>
        {
            // 0: it ends; 1: it begins anew; 2: it fires, since the start that it had.
            List<HeardSignal> told = [];
            var start = Signals.Start;
            foreach (var (minute, what) in given.Item1.Index())
            {
                var now = Signals.Start.AddMinutes(minute);
                start = what == 1 ? now : start;
                told.Add(new(what == 0 ? Signals.Resolved("a", now) : Signals.Firing("a", start), now.AddSeconds(1)));
            }

            HeardSignal[] workedOff = [.. told, .. told.Where((_, index) => index % 3 == 0)];
            new Random(given.Item2).Shuffle(workedOff);
            HeardSignal? known = null;
            Array.ForEach(workedOff, heard => known = SignalPolicy.Read(known, heard) is { News: not SignalNews.Stale } read ? read.Known : known);
            return known!.Signal.State == told[^1].Signal.State;
        });

    private async Task<string> HeldAsync(string came, string source, TimeSpan apart)
    {
        var (key, received) = ($"{came} {source} {apart}", Signals.Start);
        foreach (var word in came.Split(' '))
        {
            var at = Signals.Start.AddSeconds(word[1] - '0');
            var signal = word[0] == 'F' ? Signals.Firing(key, at) : Signals.Resolved(key, at);
            await guard.Get<SignalDesk>().TakeAsync(signal with { Source = source }, received += apart, CancellationToken.None);
        }

        await using var db = guard.Db();
        return string.Join(' ', await db.Pins.Where(pin => pin.ReleasedAt == null && pin.Reason.EndsWith(key)).Select(pin => pin.Feature).ToListAsync());
    }

    // Each run speaks of other things, so that nothing is known of them.
    private string[] Run(IEnumerable<IncidentSignal> signals)
    {
        var run = Guid.NewGuid().ToString("N");
        return Task.Run(async () =>
        {
            foreach (var signal in signals)
            {
                await guard.Get<SignalDesk>().TakeAsync(signal with { Source = IncidentSources.Guard, DedupKey = $"{run}-{signal.DedupKey}", ExternalId = run }, signal.UpdatedAt, CancellationToken.None);
            }

            await using var db = guard.Db();
            var pins = await db.Pins.Where(pin => pin.ReleasedAt == null && pin.Reason.Contains(run)).ToListAsync();
            return pins.Select(pin => $"{pin.Shop} {pin.Feature} {pin.Mode} {pin.Actor}").Order(StringComparer.Ordinal).ToArray();
        }).GetAwaiter().GetResult();
    }

    private sealed record Scenario(IReadOnlyList<IncidentSignal> Told, IReadOnlyList<IncidentSignal> Delivered)
    {
        public override string ToString() => $"{Words(Told)} as {Words(Delivered)}";

        private static string Words(IEnumerable<IncidentSignal> signals) =>
            string.Join(' ', signals.Select(signal => $"{signal.DedupKey}{signal.State.ToString()[0]}{(signal.UpdatedAt - Signals.Start).TotalSeconds}"));
    }
}
