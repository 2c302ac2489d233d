using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Gateway;
using ShopifyLlmGuard.Llm;
using ShopifyLlmGuard.Llm.Endpoints;
using ShopifyLlmGuard.Server.Trust;

namespace ShopifyLlmGuard.Server.Gateway;

/// <summary>The OpenAI API for in-house callers: a booking system, a Magento module.</summary>
internal static class GatewayEndpoints
{
    private const string DeadlineHeader = "X-Deadline-Ms";

    public static void MapGateway(this RouteGroupBuilder group)
    {
        group.MapPost("/chat/completions", CompleteAsync).LimitPerKey()
            .WithMetadata(new RequestSizeLimitAttribute(CompletionRequest.MaximumBytes));
        group.MapGet("/models", List);
    }

    private static async Task<IResult> CompleteAsync(
        HttpContext http, InHouseAssistant assistant, IOptions<TimeOptions> times, EndpointList endpoints, TimeProvider clock)
    {
        var deadline = new Deadline(clock, BudgetOf(http.Request, times.Value));
        var key = http.Features.GetRequiredFeature<GatewayKeyProfile>();
        var (request, problem) = await ReadAsync(http.Request, deadline);
        if ((problem ?? request!.Problem()) is { } wrong)
        {
            return wrong;
        }

        if (request!.Model != CompletionRequest.AnyModel && !ModelsOf(key, endpoints).Contains(request.Model))
        {
            return GatewayError.NoSuchModel(request.Model!);
        }

        var call = request.ToCall(key);
        return request.Stream == true
            ? new StreamedCompletion(assistant.StreamAsync(call, deadline, http.RequestAborted), request.WantsUsage, clock.GetUtcNow())
            : new PlainCompletion(await assistant.AskAsync(call, deadline, http.RequestAborted), clock.GetUtcNow());
    }

    private static IResult List(HttpContext http, EndpointList endpoints) => Results.Json(
        new ModelList("list", [.. ModelsOf(http.Features.GetRequiredFeature<GatewayKeyProfile>(), endpoints)
            .Prepend(CompletionRequest.AnyModel).Select(model => new ModelCard(model, "model", 0, "in-house"))]),
        GatewayJson.Default.ModelList);

    // Models behind endpoints that the key may not use do not exist for it.
    private static IEnumerable<string> ModelsOf(GatewayKeyProfile key, EndpointList endpoints) => endpoints.Current
        .Where(endpoint => key.Jurisdictions.Contains(endpoint.Jurisdiction, StringComparer.OrdinalIgnoreCase))
        .Select(endpoint => endpoint.Model).Distinct();

    // A caller who waits less than our budget may say so.
    private static TimeSpan BudgetOf(HttpRequest request, TimeOptions times)
    {
        var budget = times.BudgetOf(InHouseAssistant.Feature);
        return int.TryParse(request.Headers[DeadlineHeader], NumberStyles.None, CultureInfo.InvariantCulture, out var asked) && asked > 0 && asked < budget.TotalMilliseconds
            ? TimeSpan.FromMilliseconds(asked) : budget;
    }

    private static async Task<(CompletionRequest? Request, GatewayError? Problem)> ReadAsync(HttpRequest request, Deadline deadline)
    {
        // A caller that leaves ends the reading by itself.
        using var limit = new CancellationTokenSource(deadline.Remaining, deadline.Clock);
        try
        {
            var body = await JsonSerializer.DeserializeAsync(request.Body, GatewayJson.Default.CompletionRequest, limit.Token);
            return body is null ? (null, GatewayError.Invalid("The body must be a JSON object.", null)) : (body, null);
        }
        catch (JsonException wrong)
        {
            // Its message may quote the body; its path does not.
            var field = wrong.Path?.TrimStart('$').TrimStart('.');
            return (null, GatewayError.Invalid(string.IsNullOrEmpty(field) ? "The body must be a JSON object." : $"'{field}' is not of the right type.", string.IsNullOrEmpty(field) ? null : field));
        }
        catch (BadHttpRequestException tooLarge) when (tooLarge.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return (null, GatewayError.TooLarge);
        }
        catch (Exception slow) when (slow is OperationCanceledException or BadHttpRequestException or IOException)
        {
            return (null, GatewayError.Invalid("The body did not arrive whole and in time.", null) with { Status = StatusCodes.Status408RequestTimeout });
        }
    }
}
