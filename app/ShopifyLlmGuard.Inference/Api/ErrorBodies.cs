namespace ShopifyLlmGuard.Inference.Api;

/// <summary>Gives every refusal OpenAI's shape, also those that no endpoint made: no such path, another method, a bug.</summary>
internal static partial class ErrorBodies
{
    public static void UseErrorBodies(this WebApplication app)
    {
        var logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(ErrorBodies));
        app.Use(async (http, next) =>
        {
            var error = await Run(http, next, logger);
            if (error is not null && !http.Response.HasStarted)
            {
                var allowed = http.Response.Headers.Allow;
                http.Response.Clear();
                http.Response.Headers.Allow = allowed;
                await error.ToResult().ExecuteAsync(http);
            }
        });
    }

    private static async Task<ApiError?> Run(HttpContext http, RequestDelegate next, ILogger logger)
    {
        try
        {
            await next(http);
            return http.Response is { ContentType: null, ContentLength: null } ? Of(http, http.Response.StatusCode) : null;
        }
        catch (Exception) when (http.RequestAborted.IsCancellationRequested)
        {
            // Nobody is there to be told.
            return null;
        }
        catch (BadHttpRequestException error)
        {
            return Of(http, error.StatusCode);
        }
        catch (Exception error) when (!http.Response.HasStarted)
        {
            Log.Failed(logger, http.Request.Method, error);
            return ApiError.Internal;
        }
    }

    private static ApiError? Of(HttpContext http, int status) => status switch
    {
        < 400 => null,
        StatusCodes.Status404NotFound => ApiError.NoSuchPath(http.Request.Method, http.Request.Path),
        StatusCodes.Status405MethodNotAllowed => ApiError.WrongMethod(http.Request.Method, http.Request.Path, http.Response.Headers.Allow.ToString()),
        < 500 => ApiError.Unreadable(status),
        _ => ApiError.Internal,
    };

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "A {Method} request failed inside the host.")]
        public static partial void Failed(ILogger logger, string method, Exception error);
    }
}
