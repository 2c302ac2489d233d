using ShopifyLlmGuard.Inference.Engine;

namespace ShopifyLlmGuard.Inference.Api;

/// <summary><c>GET /health</c>: what the model does. It reads what the model's thread left behind and never waits for it.</summary>
internal static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder routes) => routes.MapGet("/health", Read);

    public static Health Of(ModelHost host, TimeProvider clock)
    {
        if (host.Served is not { } served)
        {
            return new Health("loading", null, null, null, 0, 0, 0, null);
        }

        var progress = served.Engine.Progress;
        return new Health(
            "ok",
            served.Id,
            clock.GetUtcNow() - progress.BusyFor,
            (long?)progress.LastTokenAge?.TotalMilliseconds,
            progress.Running,
            served.Engine.Queued,
            progress.Tokens,
            host.Accelerator);
    }

    private static IResult Read(ModelHost host, TimeProvider clock) => Results.Json(
        Of(host, clock),
        WireJson.Default.Health,
        statusCode: host.Served is null ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status200OK);
}
