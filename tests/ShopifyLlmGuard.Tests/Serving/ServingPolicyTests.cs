using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using ShopifyLlmGuard.Health;
using ShopifyLlmGuard.Serving;
using ShopifyLlmGuard.Shops;

namespace ShopifyLlmGuard.Tests.Serving;

public sealed class ServingPolicyTests
{
    private const string Shop = "carewell.myshopify.com";
    private const string Other = "other.myshopify.com";
    private static readonly DateTimeOffset Now = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(true, false, true, "down", Mode.Fallback, Reasons.Bypass)]
    [InlineData(true, true, true, "up", Mode.Fallback, Reasons.Bypass)]
    [InlineData(false, false, true, "up", Mode.Off, Reasons.FlagOff)]
    [InlineData(false, false, false, "down", Mode.Off, Reasons.FlagOff)]
    [InlineData(false, true, true, "down", Mode.Live, Reasons.Pinned)]
    [InlineData(false, true, false, "down", Mode.Fallback, Reasons.NoEligibleEndpoint)]
    [InlineData(false, true, false, "abroad", Mode.Fallback, Reasons.NoEligibleEndpoint)]
    [InlineData(false, true, false, "unknown", Mode.Fallback, Reasons.NoEligibleEndpoint)]
    [InlineData(false, true, false, "none", Mode.Fallback, Reasons.NoEligibleEndpoint)]
    [InlineData(false, true, false, "degraded", Mode.Fallback, Reasons.Degraded)]
    [InlineData(false, true, false, "degraded down", Mode.Fallback, Reasons.Degraded)]
    [InlineData(false, true, false, "degraded up", Mode.Live, null)]
    [InlineData(false, true, false, "down up", Mode.Live, null)]
    [InlineData(false, true, false, "up", Mode.Live, null)]
    public void The_first_rule_that_applies_wins(bool bypass, bool flag, bool pinned, string endpoints, Mode mode, string? reason)
    {
        var pins = pinned ? [Pin(PinHolder.Human, Shop, "chat", Mode.Live)] : Array.Empty<Pin>();
        Assert.Equal(new Decision(mode, reason), Decide(flag, pins, bypass, endpoints));
    }

    [Theory]
    [InlineData(PinHolder.Human, null, null, PinHolder.Incident, Shop, "chat")]
    [InlineData(PinHolder.Incident, null, null, PinHolder.Drill, Shop, "chat")]
    [InlineData(PinHolder.Human, Shop, "chat", PinHolder.Human, Shop, null)]
    [InlineData(PinHolder.Human, Shop, null, PinHolder.Human, null, "chat")]
    [InlineData(PinHolder.Human, null, "chat", PinHolder.Human, null, null)]
    public void The_stronger_pin_decides_in_any_order(
        PinHolder strong, string? strongShop, string? strongFeature, PinHolder weak, string? weakShop, string? weakFeature)
    {
        var winner = Pin(strong, strongShop, strongFeature, Mode.Off);
        var loser = Pin(weak, weakShop, weakFeature, Mode.Live);
        Assert.Equal(new Decision(Mode.Off, Reasons.Pinned), Decide(true, [winner, loser], false, "up"));
        Assert.Equal(new Decision(Mode.Off, Reasons.Pinned), Decide(true, [loser, winner], false, "up"));
    }

    [Fact]
    public void A_pin_ends_at_its_time_and_not_before()
    {
        var pin = Pin(PinHolder.Human, Shop, "chat", Mode.Off) with { Until = Now };
        Assert.Equal(Decision.Live, Decide(true, [pin], false, "up"));
        Assert.Equal(Mode.Off, Decide(true, [pin with { Until = Now.AddTicks(1) }], false, "up").Mode);
    }

    [Fact]
    public void Released_future_and_foreign_pins_do_not_count() => Assert.Equal(Decision.Live, Decide(true,
    [
        Pin(PinHolder.Human, Shop, "chat", Mode.Off) with { ReleasedAt = Now },
        Pin(PinHolder.Human, Shop, "chat", Mode.Off) with { From = Now.AddMinutes(1) },
        Pin(PinHolder.Human, Other, "chat", Mode.Off),
        Pin(PinHolder.Human, Shop, "recommendations", Mode.Off),
    ], false, "up"));

    [Property]
    public Property A_shop_is_never_live_without_an_endpoint_under_its_own_law() => Prop.ForAll(
        ArbMap.Default.ArbFor<(bool Flag, bool Bypass, int[] States)>(), facts =>
        {
            var health = facts.States.Select((state, index) =>
                Endpoint($"e{index}", state % 2 == 0 ? "US" : "", (EndpointState)((uint)state % 3))).ToList();
            return ServingPolicy.Decide(Profile, "chat", facts.Flag, [], health, facts.Bypass, Now).Mode != Mode.Live;
        });

    private static ShopProfile Profile => new(Shop, "Carewell", "EUR", ["EU"]);

    private static Decision Decide(bool flag, IEnumerable<Pin> pins, bool bypass, string endpoints) => ServingPolicy.Decide(
        Profile, "chat", flag, [.. pins], [.. endpoints.Split(' ').Where(word => word != "none").Select(word => word switch
        {
            "up" => Endpoint(word, "eu", EndpointState.Up),
            "down" => Endpoint(word, "EU", EndpointState.Down),
            "degraded" => Endpoint(word, "EU", EndpointState.Degraded),
            "abroad" => Endpoint(word, "US", EndpointState.Up),
            _ => Endpoint(word, "", EndpointState.Up),
        })], bypass, Now);

    private static EndpointHealth Endpoint(string id, string jurisdiction, EndpointState state) =>
        new(id, "region", jurisdiction, state, null, null);

    private static Pin Pin(PinHolder holder, string? shop, string? feature, Mode mode) =>
        new(Guid.NewGuid(), shop, feature, mode, holder, "Ada", "a test", Now.AddHours(-1), null);
}
