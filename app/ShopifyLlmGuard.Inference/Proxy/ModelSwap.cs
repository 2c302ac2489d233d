using System.Runtime.InteropServices;
using System.Text.Json;
using ShopifyLlmGuard.Inference.Api;
using ShopifyLlmGuard.Inference.Engine;
using ShopifyLlmGuard.Inference.Supervision;

namespace ShopifyLlmGuard.Inference.Proxy;

/// <summary>The two ways to another model without a failed request: <c>POST /admin/model</c> with the admin key, and SIGHUP.</summary>
internal static class ModelSwap
{
    /// <summary>Answers when the new model serves (200) or when it is clear that it will not (422, with the reason).</summary>
    public static void Map(IEndpointRouteBuilder routes, InferenceOptions options)
    {
        // Not the key of /v1: who may ask the model may not choose a file of this machine.
        if (options.AdminKey is { } key)
        {
            routes.MapGroup("/admin").RequireKey(key).MapPost("/model", AnswerAsync);
        }
    }

    /// <summary>On SIGHUP the settings are read again, and the model that they name now is swapped in, be it the same path.</summary>
    public static IDisposable OnHangup(IServiceProvider services, IConfigurationRoot configuration, string contentRoot) =>
        PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
        {
            signal.Cancel = true;
            _ = ReloadAsync(services.GetRequiredService<Supervisor>(), configuration, contentRoot);
        });

    private static async Task ReloadAsync(Supervisor supervisor, IConfigurationRoot configuration, string contentRoot)
    {
        try
        {
            configuration.Reload();
            var (options, mistakes) = InferenceOptions.Read(configuration, contentRoot);
            if (mistakes.Count > 0)
            {
                GoesOn(string.Join("; ", mistakes));
                return;
            }

            // A refusal it tells itself.
            await supervisor.SwapAsync(new ModelTarget(options.Model, options.ModelSha256));
        }
        catch (Exception error)
        {
            // Nobody waits for a signal's end, and a typo in a file must not end the host.
            GoesOn(error.GetBaseException().Message.TrimEnd('.'));
        }
    }

    private static void GoesOn(string reason) => Console.Error.WriteLine($"Goes on with the model before: {reason}.");

    // The body is read here, behind the key: a parameter's would be read before it.
    private static async Task<IResult> AnswerAsync(HttpRequest request, Supervisor supervisor)
    {
        if (!request.HasJsonContentType())
        {
            return ApiError.WrongContentType(request.ContentType).ToResult();
        }

        return await ReadAsync(request) is { } wanted
            ? await SwapAsync(wanted, supervisor)
            : ApiError.Invalid("The body must be a JSON object with 'model'.", "model").ToResult();
    }

    private static async Task<SwapRequest?> ReadAsync(HttpRequest request)
    {
        try
        {
            var wanted = await JsonSerializer.DeserializeAsync(request.Body, FrontJson.Default.SwapRequest, request.HttpContext.RequestAborted);
            return wanted is { Model: not null } ? wanted : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static async Task<IResult> SwapAsync(SwapRequest wanted, Supervisor supervisor)
    {
        if (!Path.IsPathFullyQualified(wanted.Model) || wanted.Sha256 is { } sha && (sha.Length != 64 || !sha.All(char.IsAsciiHexDigit)))
        {
            return ApiError.Invalid("'model' must be a whole path, and 'sha256', when given, 64 hexadecimal digits.", "model").ToResult();
        }

        return await supervisor.SwapAsync(new ModelTarget(wanted.Model, wanted.Sha256)) is { } reason
            ? new ApiError(422, "invalid_request_error", "model_refused", reason, "model").ToResult()
            : Results.Json(new SwapResult(wanted.Model), FrontJson.Default.SwapResult);
    }
}

/// <param name="Model">The GGUF file's whole path on this machine.</param>
/// <param name="Sha256">What its sum must be; may be missing.</param>
internal sealed record SwapRequest(string Model, string? Sha256 = null);

/// <param name="Model">What serves now.</param>
internal sealed record SwapResult(string Model);
