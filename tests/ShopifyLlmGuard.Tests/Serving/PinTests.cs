using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Flags;
using ShopifyLlmGuard.Health;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Tests.Serving;

public sealed class PinTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);

    [Property(MaxTest = 500)]
    public Property The_pin_that_decides_holds_and_is_outranked_by_none_in_any_order() => Prop.ForAll(
        Pins.ListOf().Zip(Gen.Choose(0, int.MaxValue)).ToArbitrary(), given =>
        {
            var pins = given.Item1.ToArray();
            var decides = ServingPolicy.PinThatDecides(Guard.Shop, "chat", pins, Now);
            new Random(given.Item2).Shuffle(pins);
            return decides == ServingPolicy.PinThatDecides(Guard.Shop, "chat", pins, Now)
                && (decides is null
                    ? !pins.Any(pin => pin.Holds(Guard.Shop, "chat", Now))
                    : decides.Holds(Guard.Shop, "chat", Now) && !pins.Any(pin => pin.Holds(Guard.Shop, "chat", Now) && Outranks(pin, decides)));
        });

    [Theory]
    [InlineData("", "Ada", null, null, 60, "A pin needs a reason.")]
    [InlineData("x\0", "Ada", null, null, 60, "The reason is one line, without control characters.")]
    [InlineData("x", "Ada\n", null, null, 60, "The actor is one line, without control characters.")]
    [InlineData("x", " ", null, null, 60, "A pin needs an actor.")]
    [InlineData("x", "Ada", "stranger.myshopify.com", null, 60, "No shop 'stranger.myshopify.com' has the app.")]
    [InlineData("x", "Ada", null, "telepathy", 60, "There is no feature 'telepathy'")]
    [InlineData("x", "Ada", null, null, 0, "A pin must end in the future.")]
    [InlineData("x", "Ada", null, null, -5, "A pin must end in the future.")]
    [InlineData("x", "Ada", null, null, 43_201, "A pin may last 30 days")]
    public void A_pin_that_says_too_little_or_too_much_is_refused_in_words(
        string reason, string actor, string? shop, string? feature, int minutes, string mistake) =>
        Assert.StartsWith(mistake, Assert.Single(PinRules.Mistakes(
            new PinRequest(shop, feature, Mode.Off, PinHolder.Human, actor, reason, TimeSpan.FromMinutes(minutes)), known => known == Guard.Shop)), StringComparison.Ordinal);

    [Fact]
    public void All_mistakes_are_said_at_once_and_a_whole_pin_has_none()
    {
        Assert.Equal(5, PinRules.Mistakes(
            new PinRequest("a", "b", (Mode)9, PinHolder.Human, new string('x', 101), new string('x', 201), TimeSpan.FromDays(30)), _ => false).Count);
        Assert.Empty(PinRules.Mistakes(new PinRequest(Guard.Shop, "chat", Mode.Live, PinHolder.Drill, "Ada", "x", TimeSpan.FromDays(30)), _ => true));
        Assert.Empty(PinRules.Mistakes(new PinRequest(null, null, Mode.Live, PinHolder.Drill, "Ada", "x"), _ => false));
    }

    [Fact]
    public async Task The_board_keeps_the_rules_and_writes_nothing()
    {
        await using var guard = await Guard.StartAsync();
        await guard.InstallAsync(withProducts: false);
        await Assert.ThrowsAsync<ArgumentException>(() => guard.Get<PinBoard>().PinAsync(
            new PinRequest(Guard.Shop, "telepathy", Mode.Off, PinHolder.Human, "Ada", "")));
        await using var db = guard.Db();
        Assert.Empty(db.Pins);
    }

    [Theory]
    [InlineData(null, null, Mode.Off, Mode.Off)]
    [InlineData(Guard.Shop, null, Mode.Off, Mode.Off)]
    [InlineData(null, Features.Chat, Mode.Off, Mode.Live)]
    [InlineData(Guard.Shop, Features.Chat, Mode.Off, Mode.Live)]
    public async Task A_pin_of_every_scope_holds_what_it_says_and_ends_at_its_instant_on_every_server(
        string? shop, string? feature, Mode chat, Mode recommendations)
    {
        var clock = new FakeTimeProvider(Now);
        var database = PostgresCluster.Shared.NewDatabase();
        await using var here = await StartAsync(database, clock);
        await using var there = await StartAsync(database, clock);
        await here.InstallAsync(withProducts: false);
        await here.Get<PinBoard>().PinAsync(new PinRequest(shop, feature, Mode.Off, PinHolder.Human, "Ada", "a test", TimeSpan.FromMinutes(10)));
        await Guard.UntilAsync(() => there.Get<Snapshots>().Current.Pins.Length == 1, "the other server has the pin");
        Assert.Equal((chat, recommendations), (ModeOf(here, Features.Chat), ModeOf(here, Features.Recommendations)));
        Assert.Equal(Reasons.Pinned, there.Get<ServingBoard>().Decide(Guard.Shop, Features.Chat).Reason);

        clock.Advance(TimeSpan.FromMinutes(10) - TimeSpan.FromTicks(1));
        Assert.Equal(Mode.Off, ModeOf(here, Features.Chat));
        clock.Advance(TimeSpan.FromTicks(1));
        Assert.Equal(Mode.Live, ModeOf(here, Features.Chat));
        Assert.NotEqual(Reasons.Pinned, there.Get<ServingBoard>().Decide(Guard.Shop, Features.Chat).Reason);

        await Guard.UntilAsync(() => { clock.Advance(TimeSpan.FromSeconds(1)); return Recorded(here) != Reasons.Pinned; }, "the ledger follows");
    }

    // Nobody looks after the endpoint, so it stays as new as it is.
    private static Task<Guard> StartAsync(string database, FakeTimeProvider clock) => Guard.StartAsync(
        database, services: services =>
        {
            services.Remove(services.Single(service => service.ImplementationType == typeof(AfterValidation<HealthWatch>)));
            services.AddSingleton<TimeProvider>(clock);
        }, settings:
        [
            ("Llm:Endpoints:0:Id", "local-1"), ("Llm:Endpoints:0:Url", "http://127.0.0.1:9"), ("Llm:Endpoints:0:Region", "eu-test"),
            ("Llm:Endpoints:0:Jurisdiction", "EU"), ("Llm:Endpoints:0:Model", "none"),
        ]);

    private static Gen<Pin> Pins =>
        from holder in Gen.Elements(Enum.GetValues<PinHolder>())
        from shop in Gen.Elements(null, Guard.Shop, "other.myshopify.com")
        from feature in Gen.Elements(null, "chat", "recommendations")
        from mode in Gen.Elements(Enum.GetValues<Mode>())
        from began in Gen.Choose(-3, 1)
        from lasts in Gen.Elements<int?>(null, 1, 2, 5)
        from released in Gen.Elements(false, false, false, true)
        select new Pin(Guid.NewGuid(), shop, feature, mode, holder, "Ada", "x", Now.AddHours(began), lasts is { } hours ? Now.AddHours(began + hours) : null)
        {
            ReleasedAt = released ? Now : null,
        };

    // Said once more in other words: who, then how narrow, then how new.
    private static bool Outranks(Pin one, Pin other) =>
        one.Holder != other.Holder ? one.Holder < other.Holder
        : one.Shop is null != other.Shop is null ? one.Shop is not null
        : one.Feature is null != other.Feature is null ? one.Feature is not null
        : one.From > other.From;

    private static Mode ModeOf(Guard guard, string feature) => guard.Get<ServingBoard>().Decide(Guard.Shop, feature).Mode;

    private static string? Recorded(Guard guard)
    {
        using var db = guard.Db();
        return db.ServingChanges.Where(change => change.Shop == Guard.Shop && change.Feature == Features.Chat)
            .OrderByDescending(change => change.Id).Select(change => change.Reason).FirstOrDefault();
    }
}
