using ShopifyLlmGuard.Simulator.Platform.Tokens;

namespace ShopifyLlmGuard.Simulator.Platform.Graphql;

/// <summary>`POST /admin/api/2026-10/graphql.json`. Another version is 404, a wrong token 401, a bad document 200 with errors.</summary>
internal static class GraphqlEndpoint
{
    public const string Version = "2026-10";

    public static void MapGraphql(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/admin/api/{version}/graphql.json", Answer).DisableAntiforgery();

    private static async Task<IResult> Answer(
        string version, HttpContext context, TokenDesk tokens, AdminApi api, CancellationToken cancellationToken)
    {
        context.Response.Headers["x-request-id"] = Guid.NewGuid().ToString();
        if (version != Version)
        {
            return Refused("Not Found", StatusCodes.Status404NotFound);
        }

        if (context.Request.Headers["X-Shopify-Access-Token"] is not [{ } token] || !tokens.Accepts(token))
        {
            return Refused(
                "[API] Invalid API key or access token (unrecognized login or wrong password)",
                StatusCodes.Status401Unauthorized);
        }

        if (!context.Request.HasJsonContentType()
            || await GraphqlRequest.ReadAsync(context.Request.Body, cancellationToken) is not { } request)
        {
            return Refused("Required parameter missing or invalid", StatusCodes.Status400BadRequest);
        }

        var answer = await api.AnswerAsync(request, cancellationToken);
        context.Response.Headers["X-Shopify-API-Version"] = Version;
        if (answer.Deprecated is { } reason)
        {
            context.Response.Headers["X-Shopify-API-Deprecated-Reason"] = reason.ReplaceLineEndings(" ");
        }

        return Results.Json(answer.Body);
    }

    private static IResult Refused(string errors, int status) => Results.Json(new { errors }, statusCode: status);
}
