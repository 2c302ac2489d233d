using System.ClientModel;
using System.ClientModel.Primitives;
using Microsoft.Extensions.AI;
using OpenAI;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Llm;

/// <summary>Calls one endpoint over the OpenAI wire format, with its own limits for every step.</summary>
internal sealed class EndpointClient : IDisposable
{
    private readonly LlmEndpoint endpoint;
    private readonly TimeOptions times;
    private readonly HttpClient http;
    private readonly IChatClient chat;

    public EndpointClient(LlmEndpoint endpoint, TimeOptions times)
    {
        (this.endpoint, this.times) = (endpoint, times);
        http = new HttpClient(new SocketsHttpHandler
        {
            ConnectTimeout = times.Connect,
            PooledConnectionLifetime = TimeSpan.FromMinutes(2),
            // The words go to this address and to no other, whoever suggests it.
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
        })
        { Timeout = Timeout.InfiniteTimeSpan, BaseAddress = new Uri(endpoint.Url.TrimEnd('/') + "/") };

        // Whoever races the call owns its time and its retries; the library below must have no opinion.
        var options = new OpenAIClientOptions
        {
            Endpoint = new Uri(http.BaseAddress, "v1"),
            Transport = new HttpClientPipelineTransport(http),
            RetryPolicy = new ClientRetryPolicy(0),
            NetworkTimeout = Timeout.InfiniteTimeSpan,
        };
        options.AddPolicy(new DeadlineHeader(), PipelinePosition.PerTry);
        var key = string.IsNullOrEmpty(endpoint.ApiKey) ? "none" : endpoint.ApiKey;
        chat = new OpenAIClient(new ApiKeyCredential(key), options).GetChatClient(endpoint.Model).AsIChatClient();
    }

    /// <summary>For the probe's plain requests.</summary>
    public HttpClient Http => http;

    /// <summary>Calls the model and reads the whole answer, or gives up at the first limit that is passed. Does not throw.</summary>
    public async Task<Attempt> AskAsync(ModelCall call, Deadline deadline, CancellationToken cancellationToken)
    {
        var notes = new AttemptNotes(endpoint, times, deadline);
        var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        DeadlineHeader.Flow(deadline);
        var updates = chat.GetStreamingResponseAsync(
            call.Messages, Written(call.Sampling), stop.Token).GetAsyncEnumerator(stop.Token);
        while (true)
        {
            // Its own task, so that a library that blocks before its first await cannot hold up the timer.
            var next = Task.Run(() => updates.MoveNextAsync().AsTask(), CancellationToken.None);
            if (!await Race.EndsAsync(next, notes.Limit, deadline.Clock, cancellationToken))
            {
                Race.Forget(EndAsync(next, updates, stop));
                return cancellationToken.IsCancellationRequested ? notes.Failed(Reasons.Cancelled) : notes.TooSlow();
            }

            if (next.IsFaulted || next.IsCanceled)
            {
                Race.Forget(EndAsync(next, updates, stop));
                return cancellationToken.IsCancellationRequested
                    ? notes.Failed(Reasons.Cancelled)
                    : notes.Broken(next.Exception?.InnerException ?? new OperationCanceledException());
            }

            if (!await next)
            {
                Race.Forget(EndAsync(next, updates, stop));
                return notes.Ended();
            }

            notes.Take(updates.Current);
        }
    }

    public void Dispose()
    {
        chat.Dispose();
        http.Dispose();
    }

    private static ChatOptions Written(Sampling sampling) => new()
    {
        MaxOutputTokens = sampling.MaxTokens,
        Temperature = sampling.Temperature,
        TopP = sampling.TopP,
        FrequencyPenalty = sampling.FrequencyPenalty,
        PresencePenalty = sampling.PresencePenalty,
        Seed = sampling.Seed,
        StopSequences = sampling.Stop.Count == 0 ? null : [.. sampling.Stop],
    };

    private static async Task EndAsync(Task last, IAsyncEnumerator<ChatResponseUpdate> updates, CancellationTokenSource stop)
    {
        await stop.CancelAsync();
        await last.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await updates.DisposeAsync();
        stop.Dispose();
    }
}
