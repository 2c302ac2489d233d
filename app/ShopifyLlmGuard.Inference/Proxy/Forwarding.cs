using System.Globalization;
using System.Text.Json;
using ShopifyLlmGuard.Inference.Api;
using ShopifyLlmGuard.Inference.Engine;
using ShopifyLlmGuard.Inference.Supervision;
using Yarp.ReverseProxy.Forwarder;

namespace ShopifyLlmGuard.Inference.Proxy;

/// <summary>Hands <c>/v1</c> to the worker that serves; without one, and when it dies meanwhile, says so at once.</summary>
internal sealed class Forwarding(
    IHttpForwarder forwarder, Serving serving, Restarts restarts, InferenceOptions options, IHostApplicationLifetime lifetime, TimeProvider clock)
{
    // The worker keeps the deadline; this is for a worker that cannot.
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(250);

    // An answer may take its time between two pieces; the watch ends a worker that is stuck.
    private static readonly ForwarderRequestConfig Settings = new() { ActivityTimeout = TimeSpan.FromHours(1) };

    public async Task ForwardAsync(HttpContext http)
    {
        if (http.Request.ContentLength > options.MaxBodyBytes)
        {
            await ApiError.TooLarge(options.MaxBodyBytes).ToResult().ExecuteAsync(http);
        }
        else if (Enter() is { } worker)
        {
            try
            {
                await ForwardAsync(http, worker);
            }
            finally
            {
                worker.Leave();
            }
        }
        else
        {
            await RefuseAsync(http);
        }
    }

    private Worker? Enter()
    {
        while (serving.Worker is { } worker)
        {
            if (worker.TryEnter())
            {
                return worker;
            }

            // Replaced between the two lines above; when it is still the one that serves, it is about to end.
            if (ReferenceEquals(serving.Worker, worker))
            {
                return null;
            }
        }

        return null;
    }

    private async Task ForwardAsync(HttpContext http, Worker worker)
    {
        using var late = new CancellationTokenSource(DeadlineOf(http.Request), clock);
        await using var givenUp = worker.GivenUp.UnsafeRegister(source => ((CancellationTokenSource)source!).Cancel(), late);
        var relay = new Relay(worker, late, givenUp);
        var error = await forwarder.SendAsync(http, WorkerHttp.Prefix, worker.Http, Settings, relay, late.Token);
        if (error is ForwarderError.Request or ForwarderError.ResponseHeaders)
        {
            worker.Note(isWhole: false);
        }

        if (error == ForwarderError.None || http.Response.HasStarted || http.RequestAborted.IsCancellationRequested)
        {
            return;
        }

        http.Response.Clear();
        if (error == ForwarderError.RequestBodyClient)
        {
            var isTooLarge = http.GetForwarderErrorFeature()?.Exception is BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge };
            await (isTooLarge ? ApiError.TooLarge(options.MaxBodyBytes) : ApiError.Invalid("The body could not be read.")).ToResult().ExecuteAsync(http);
        }
        else if (late.IsCancellationRequested && !worker.GivenUp.IsCancellationRequested)
        {
            await ApiError.Deadline.ToResult().ExecuteAsync(http);
        }
        else
        {
            await FrontErrors.WorkerDied.ToResult().ExecuteAsync(http);
        }
    }

    private Task RefuseAsync(HttpContext http)
    {
        var error = lifetime.ApplicationStopping.IsCancellationRequested ? ApiError.Stopping
            : serving.HasNeverServed ? ApiError.Loading
            : FrontErrors.Restarting;
        restarts.Refused(error.Code);
        http.Response.StatusCode = error.Status;
        http.Response.Headers.RetryAfter = serving.RetryAfter.TotalSeconds.ToString(CultureInfo.InvariantCulture);
        return http.Response.WriteAsJsonAsync(error.Body, WireJson.Default.ErrorBody, cancellationToken: http.RequestAborted);
    }

    private static TimeSpan DeadlineOf(HttpRequest request) =>
        long.TryParse(request.Headers["X-Deadline-Ms"], NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds)
        && milliseconds < int.MaxValue / 2
            ? TimeSpan.FromMilliseconds(milliseconds) + Grace
            : Timeout.InfiniteTimeSpan;

    private sealed class Relay(Worker worker, CancellationTokenSource late, CancellationTokenRegistration givenUp) : HttpTransformer
    {
        private static readonly byte[] Died =
            [.. "data: "u8, .. JsonSerializer.SerializeToUtf8Bytes(FrontErrors.WorkerDied.Body, WireJson.Default.ErrorBody), .. "\n\n"u8];

        public override async ValueTask<bool> TransformResponseAsync(
            HttpContext httpContext, HttpResponseMessage? proxyResponse, CancellationToken cancellationToken)
        {
            if (proxyResponse is not null && !IsStream(proxyResponse))
            {
                // Whole before its first byte goes on: then a worker that dies in the middle is still an error with a status.
                await proxyResponse.Content.LoadIntoBufferAsync(cancellationToken);
                worker.Note(isWhole: true);
            }

            var copies = await base.TransformResponseAsync(httpContext, proxyResponse, cancellationToken);
            if (proxyResponse is not null && IsStream(proxyResponse))
            {
                // A stream that has begun keeps its own deadline and tells its reader of that, and of its worker's end.
                late.CancelAfter(Timeout.InfiniteTimeSpan);
                await givenUp.DisposeAsync();
                proxyResponse.Content = new StreamContent(
                    new WholeEvents(await proxyResponse.Content.ReadAsStreamAsync(cancellationToken), Died, worker.Note, worker.GivenUp));
            }

            return copies;
        }

        private static bool IsStream(HttpResponseMessage response) => response.Content.Headers.ContentType?.MediaType == "text/event-stream";
    }
}

internal static class FrontErrors
{
    public static ApiError Restarting { get; } =
        new(503, "server_error", "worker_restarting", "The process with the model ended and starts again. Try again in a moment.");

    public static ApiError WorkerDied { get; } =
        new(502, "server_error", "worker_died", "The process with the model ended before the answer was whole. Nothing of it counts.");
}
