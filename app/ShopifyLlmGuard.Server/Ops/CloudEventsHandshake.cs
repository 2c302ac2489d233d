using System.Globalization;
using ShopifyLlmGuard.Incidents.Formats;
using ShopifyLlmGuard.Incidents.Rules;
using ShopifyLlmGuard.Server.Trust;

namespace ShopifyLlmGuard.Server.Ops;

/// <summary>
/// How a sender of CloudEvents asks whether it may send (cloudevents/spec, http-webhook.md, 4.1). It comes without a proof, changes
/// nothing, and grants nothing: every delivery is proven by itself.
/// </summary>
internal static class CloudEventsHandshake
{
    private const int PerMinute = 600;

    public static void MapIncidentHandshake(this IEndpointRouteBuilder app) =>
        app.MapMethods($"/ops/incidents/{IncidentSources.CloudEvents}", [HttpMethods.Options], Answer).RequireNothing();

    private static IResult Answer(HttpContext context, SignalSettings settings)
    {
        var (asked, given) = (context.Request.Headers, context.Response.Headers);
        if (!settings.Current.Sources.TryGetValue(IncidentSources.CloudEvents, out var proof))
        {
            return TypedResults.NotFound();
        }

        given.Allow = HttpMethods.Post;
        if (asked["WebHook-Request-Origin"] is [{ Length: > 0 and <= 253 } origin] && Uri.CheckHostName(origin) != UriHostNameType.Unknown
            && (proof.Origins.IsEmpty || proof.Origins.Contains(origin, StringComparer.OrdinalIgnoreCase)))
        {
            given["WebHook-Allowed-Origin"] = origin;
            given["WebHook-Allowed-Rate"] = Rate(asked["WebHook-Request-Rate"]).ToString(CultureInfo.InvariantCulture);
        }

        return TypedResults.Ok();
    }

    private static int Rate(string? asked) =>
        int.TryParse(asked, NumberStyles.None, CultureInfo.InvariantCulture, out var rate) && rate > 0 ? Math.Min(rate, PerMinute) : PerMinute;
}
