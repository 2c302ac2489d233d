using ShopifyLlmGuard.Inference.Engine;

namespace ShopifyLlmGuard.Inference.Api;

/// <summary><c>GET /health</c>: what the model does. It reads what the model's thread left behind and never waits for it.</summary>
internal static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder routes) => routes.MapGet("/health", Read);

    private static IResult Read(ModelHost host, TimeProvider clock)
    {
        if (host.Served is not { } served)
        {
            return Results.Json(
                new Health("loading", null, null, null, 0, 0, 0),
                WireJson.Default.Health,
                statusCode: StatusCodes.Status503ServiceUnavailable);
        }

        var progress = served.Engine.Progress;
        return Results.Json(
            new Health(
                "ok",
                served.Id,
                clock.GetUtcNow() - progress.BusyFor,
                (long?)progress.LastTokenAge?.TotalMilliseconds,
                progress.Running,
                served.Engine.Queued,
                progress.Tokens),
            WireJson.Default.Health);
    }
}
