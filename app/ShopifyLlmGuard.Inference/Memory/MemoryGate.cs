using ShopifyLlmGuard.Inference.Api;

namespace ShopifyLlmGuard.Inference.Memory;

/// <summary>Refuses new work while memory is short. What runs goes on: ending it would free nothing that lasts.</summary>
internal static class MemoryGate
{
    private static readonly ApiError Short =
        new(429, "rate_limit_error", "memory_pressure", "The host is short of memory and takes nothing new. Try again later.");

    public static void UseMemoryGate(this WebApplication app) => app.Use((http, next) =>
        HttpMethods.IsPost(http.Request.Method)
        && http.Request.Path.StartsWithSegments("/v1", StringComparison.OrdinalIgnoreCase)
        && http.RequestServices.GetRequiredService<MemoryWatch>() is { Verdict.State: not MemoryState.Ok } watch
            ? RefuseAsync(http, watch)
            : next(http));

    private static Task RefuseAsync(HttpContext http, MemoryWatch watch)
    {
        watch.Refused();
        return (Short with { RetryAfter = watch.RetryAfter }).ToResult().ExecuteAsync(http);
    }
}
