using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Serving;
using ShopifyLlmGuard.Server.Trust;

namespace ShopifyLlmGuard.Server.Ops.Bypassing;

/// <summary>The bypass by signed message, from an operator, a tool or another guard server.</summary>
internal static class BypassEndpoints
{
    public static void MapBypass(this RouteGroupBuilder group)
    {
        group.MapGet("/bypass", (Bypass bypass) => Results.Json(Reply(bypass, null, []), BypassMessage.Json));
        group.MapPost("/bypass", DecideAsync);
    }

    // It counts here before anybody else is told; 409 means that a newer decision stands, or that the id is another decision's.
    private static async Task<IResult> DecideAsync(
        HttpContext http, Bypass bypass, BypassRelay relay, IOptions<BypassOptions> options, TimeProvider clock)
    {
        var now = clock.GetUtcNow();
        var (decision, mistakes) = BypassMessage.Read(http.Features.GetRequiredFeature<SignedMessage>(), now + options.Value.FurthestAhead, bypass.Standing, now);
        if (decision is null || mistakes.Count > 0)
        {
            return Results.Json(Reply(bypass, null, [], mistakes), BypassMessage.Json, statusCode: StatusCodes.Status400BadRequest);
        }

        if (bypass.Find(decision.Id) is { } known && !known.IsSameAs(decision))
        {
            return Results.Json(
                Reply(bypass, decision.Shop, [], [$"The id {decision.Id} is another decision's ({(known.On ? "on" : "off")} by {known.Author} at {known.At:u}). A new decision needs a new id, or none."]),
                BypassMessage.Json, statusCode: StatusCodes.Status409Conflict);
        }

        var relayed = http.Request.Headers.ContainsKey(BypassCall.RelayedHeader);
        var stands = bypass.Take(decision, fromPeer: relayed);
        var servers = relayed || !stands ? [] : await relay.TellAsync(bypass.Find(decision.Id) ?? decision);
        return Results.Json(
            Reply(bypass, decision.Shop, servers), BypassMessage.Json, statusCode: stands ? StatusCodes.Status200OK : StatusCodes.Status409Conflict);
    }

    private static BypassReply Reply(Bypass bypass, string? shop, IReadOnlyList<ServerReply> servers, IReadOnlyList<string>? mistakes = null) =>
        new(bypass.IsOn, bypass.Holds(shop), bypass.ShopCount, bypass.Standing(shop), servers, mistakes ?? []);
}
