using System.Globalization;
using System.Text.Json.Serialization;
using ShopifyLlmGuard.Inference.Memory;
using ShopifyLlmGuard.Inference.Supervision;

namespace ShopifyLlmGuard.Inference.Proxy;

/// <summary><c>GET /health</c> of the front: out of what the worker said last, without asking it.</summary>
/// <param name="Status"><c>loading</c>, <c>ok</c>, <c>restarting</c>, or <c>unstable</c>: three ends within ten minutes, whether one serves or not.</param>
/// <param name="Model">As in the worker's own.</param>
/// <param name="BusySince">As in the worker's own.</param>
/// <param name="LastTokenAgeMs">As in the worker's own.</param>
/// <param name="Running">As in the worker's own.</param>
/// <param name="Queued">As in the worker's own.</param>
/// <param name="TokensComputed">As in the worker's own; a new worker begins at 0.</param>
/// <param name="Accelerator">As in the worker's own.</param>
/// <param name="Worker">The process behind the front.</param>
/// <param name="Memory"><c>ok</c>, <c>shed</c> or <c>recycle</c>.</param>
internal sealed record FrontHealth(
    string Status, string? Model, DateTimeOffset? BusySince, long? LastTokenAgeMs, int Running, int Queued, long TokensComputed,
    string? Accelerator, WorkerHealth Worker, string Memory)
{
    public static string StatusOf(bool serves, bool hasNeverServed, bool isUnstable) => (serves, hasNeverServed, isUnstable) switch
    {
        (_, _, true) => "unstable",
        (true, _, _) => "ok",
        (_, true, _) => "loading",
        _ => "restarting",
    };

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/health", Read);

    private static IResult Read(HttpResponse response, Serving serving, Restarts restarts, MemoryWatch memory)
    {
        var worker = serving.Worker;
        var last = worker?.Last?.Health;
        var seconds = worker is null ? (double?)serving.RetryAfter.TotalSeconds : null;
        if (seconds is not null)
        {
            response.Headers.RetryAfter = seconds.Value.ToString(CultureInfo.InvariantCulture);
        }

        var health = new FrontHealth(
            StatusOf(worker is not null, serving.HasNeverServed, restarts.IsUnstable),
            last?.Model, last?.BusySince, last?.LastTokenAgeMs, last?.Running ?? 0, last?.Queued ?? 0, last?.TokensComputed ?? 0,
            last?.Accelerator,
            new WorkerHealth(worker?.Id, restarts.Total, restarts.Recent, restarts.Last?.Text(), seconds),
            memory.Verdict.State.ToString().ToLowerInvariant());
        return Results.Json(
            health,
            FrontJson.Default.FrontHealth,
            statusCode: worker is null ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status200OK);
    }
}

/// <param name="Process">Its id; null while none serves.</param>
/// <param name="Restarts">How many ended unasked since the front started.</param>
/// <param name="RestartsInTenMinutes">The same, lately.</param>
/// <param name="LastEnd">How the last one ended; null while none has.</param>
/// <param name="RetryAfterSeconds">When one is expected; null while one serves.</param>
internal sealed record WorkerHealth(int? Process, int Restarts, int RestartsInTenMinutes, string? LastEnd, double? RetryAfterSeconds);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(FrontHealth))]
[JsonSerializable(typeof(SwapRequest))]
[JsonSerializable(typeof(SwapResult))]
internal sealed partial class FrontJson : JsonSerializerContext;
