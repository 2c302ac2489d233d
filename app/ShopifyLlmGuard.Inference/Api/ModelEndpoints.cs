using ShopifyLlmGuard.Inference.Engine;

namespace ShopifyLlmGuard.Inference.Api;

/// <summary>
/// <c>GET /v1/models</c>, <c>GET /v1/models/{id}</c>, and <c>POST /v1/embeddings</c>, which always says no: a model with a chat
/// template, and no other is served here, has no pooling that turns its states into one vector.
/// </summary>
internal static class ModelEndpoints
{
    public static void MapModels(this IEndpointRouteBuilder group)
    {
        group.MapGet("/models", (ModelHost host) => host.Served is { } served
            ? Results.Json(new ModelList("list", [Card(served)]), WireJson.Default.ModelList)
            : ApiError.LoadingFor(host.LoadingFor).ToResult());
        group.MapGet("/models/{**id}", Find);
        group.MapPost("/embeddings", (ModelHost host) => host.Served is { } served
            ? ApiError.NoEmbeddings(served.Id).ToResult()
            : ApiError.LoadingFor(host.LoadingFor).ToResult());
    }

    private static IResult Find(string id, ModelHost host)
    {
        if (host.Served is not { } served)
        {
            return ApiError.LoadingFor(host.LoadingFor).ToResult();
        }

        return id == served.Id
            ? Results.Json(Card(served), WireJson.Default.ModelCard)
            : ApiError.NoSuchModel(id).ToResult();
    }

    private static ModelCard Card(ServedModel served) => new(
        served.Id, "model", served.LoadedAt.ToUnixTimeSeconds(), "local",
        new ModelMeta(served.Label.Quantisation, served.Label.Template));
}
