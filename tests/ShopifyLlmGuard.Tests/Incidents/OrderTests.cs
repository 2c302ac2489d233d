using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Microsoft.EntityFrameworkCore;
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

    [Theory]
    [InlineData("F1 R2", "")]
    [InlineData("R2 F1", "")]
    [InlineData("F1 R2 F1", "")]
    [InlineData("F1 R2 F3", "chat")]
    [InlineData("F3 R2 F1", "chat")]
    [InlineData("R5 F3", "")]
    [InlineData("R2 R5 F3", "")]
    [InlineData("F1 F1 F1", "chat")]
    [InlineData("F2 R2", "")]
    [InlineData("R2 F2", "")]
    public async Task A_late_beginning_does_not_toggle_again(string came, string held)
    {
        var desk = guard.Get<SignalDesk>();
        foreach (var word in came.Split(' '))
        {
            var at = Signals.Start.AddSeconds(word[1] - '0');
            await desk.TakeAsync(word[0] == 'F' ? Signals.Firing(came, at) : Signals.Resolved(came, at), at, CancellationToken.None);
        }

        Assert.Equal(held, string.Join(' ', await guard.Db().Pins.Where(pin => pin.ReleasedAt == null).Select(pin => pin.Feature).ToListAsync()));
    }

    // Each run speaks of other things, so that nothing is known of them.
    private string[] Run(IEnumerable<IncidentSignal> signals)
    {
        var run = Guid.NewGuid().ToString("N");
        return Task.Run(async () =>
        {
            foreach (var signal in signals)
            {
                await guard.Get<SignalDesk>().TakeAsync(signal with { DedupKey = $"{run}-{signal.DedupKey}", ExternalId = run }, signal.UpdatedAt, CancellationToken.None);
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
