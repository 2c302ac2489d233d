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

    // It counts here before anybody else is told; 409 means that a newer decision stands.
    private static async Task<IResult> DecideAsync(
        HttpContext http, Bypass bypass, BypassRelay relay, IOptions<BypassOptions> options, TimeProvider clock)
    {
        var (decision, mistakes) = BypassMessage.Read(http.Features.GetRequiredFeature<SignedMessage>(), clock.GetUtcNow() + options.Value.Window);
        if (decision is null || mistakes.Count > 0)
        {
            return Results.Json(Reply(bypass, null, [], mistakes), BypassMessage.Json, statusCode: StatusCodes.Status400BadRequest);
        }

        var relayed = http.Request.Headers.ContainsKey(BypassCall.RelayedHeader);
        var stands = bypass.Take(decision, fromPeer: relayed);
        var servers = relayed || !stands ? [] : await relay.TellAsync(decision);
        return Results.Json(
            Reply(bypass, decision.Shop, servers), BypassMessage.Json, statusCode: stands ? StatusCodes.Status200OK : StatusCodes.Status409Conflict);
    }

    private static BypassReply Reply(Bypass bypass, string? shop, IReadOnlyList<ServerReply> servers, IReadOnlyList<string>? mistakes = null) =>
        new(bypass.IsOn, bypass.Holds(shop), bypass.ShopCount, bypass.Standing(shop), servers, mistakes ?? []);
}
