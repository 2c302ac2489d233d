using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Admin.Words;

/// <summary>Who did something. Shopify tells us a staff member's number, not the name.</summary>
internal static class ActorWords
{
    public static string Of(string actor, string? self) =>
        actor == self ? "you" : actor.Length > 0 && actor.All(char.IsAsciiDigit) ? $"staff member {actor}" : actor;

    public static string Of(Pin pin, string? self) => pin.Holder switch
    {
        PinHolder.Human => Of(pin.Actor, self),
        PinHolder.Incident => $"an incident ({pin.Actor})",
        _ => $"a drill ({pin.Actor})",
    };
}
