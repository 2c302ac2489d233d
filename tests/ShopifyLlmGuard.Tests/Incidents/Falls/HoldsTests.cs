using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Flags;
using ShopifyLlmGuard.Incidents.Falls;
using ShopifyLlmGuard.Serving;
using ShopifyLlmGuard.Shops;

namespace ShopifyLlmGuard.Tests.Incidents.Falls;

public sealed class HoldsTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);

    private static readonly Pin Alert = new(Guid.NewGuid(), null, Features.Chat, Mode.Fallback, PinHolder.Incident, "alertmanager", "x", Now.AddHours(-2), null);

    [Theory]
    [InlineData(Guard.Shop, true)]
    [InlineData("left.myshopify.com", false)]
    public void A_hold_that_ended_over_an_alert_uncovers_it_only_where_the_shop_still_is(string shop, bool isUncovered)
    {
        var hold = new Pin(Guid.NewGuid(), shop, Features.Chat, Mode.Live, PinHolder.Human, "Ada", "x", Now.AddHours(-1), null) { ReleasedAt = Now.AddMinutes(-5) };
        var snapshot = Snapshot.Empty with { Shops = Snapshot.Empty.Shops.Add(Guard.Shop, ShopProfile.Unknown(Guard.Shop)) };

        var uncovered = new Holds([Alert, hold], snapshot, Now).Uncovered();

        Assert.Equal(isUncovered ? [new Uncovered(shop, Features.Chat, Alert, Now.AddMinutes(-5))] : [], uncovered);
    }
}
