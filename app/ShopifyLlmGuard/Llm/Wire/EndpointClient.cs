using System.ClientModel;
using System.ClientModel.Primitives;
using System.Net;
using Microsoft.Extensions.AI;
using OpenAI;
using ShopifyLlmGuard.Llm.Residency;
using ShopifyLlmGuard.Llm.Routing;

namespace ShopifyLlmGuard.Llm.Wire;

/// <summary>Calls one endpoint over the OpenAI wire format, with its own limits for every step. The only way out of the guard to a model.</summary>
internal sealed class EndpointClient : IDisposable
{
    private static readonly ChatOptions OneToken = new() { MaxOutputTokens = 1, Temperature = 0 };
    private readonly LlmEndpoint endpoint;
    private readonly AttemptLimits limits;
    private readonly HttpClient http;
    private readonly IChatClient chat;

    public EndpointClient(LlmEndpoint endpoint, LlmOptions llm, TimeOptions times, HttpMessageHandler way)
    {
        (this.endpoint, limits) = (endpoint, AttemptLimits.Of(endpoint, llm, times));
        http = new HttpClient(new AnswerWire(way))
        { Timeout = Timeout.InfiniteTimeSpan, BaseAddress = new Uri(endpoint.Url.TrimEnd('/') + "/") };

        // Whoever races the call owns its time and its retries; the library below must have no opinion.
        var options = new OpenAIClientOptions
        {
            Endpoint = new Uri(http.BaseAddress, "v1"),
            Transport = new HttpClientPipelineTransport(http),
            RetryPolicy = new ClientRetryPolicy(0),
            NetworkTimeout = Timeout.InfiniteTimeSpan,
            ClientLoggingOptions = new ClientLoggingOptions { EnableLogging = false },
        };
        options.AddPolicy(new HostHeaders(), PipelinePosition.PerTry);
        var key = string.IsNullOrEmpty(endpoint.ApiKey) ? "none" : endpoint.ApiKey;
        chat = new OpenAIClient(new ApiKeyCredential(key), options).GetChatClient(endpoint.Model).AsIChatClient();
    }

    /// <summary>The way to an endpoint: to this address and to no other, whoever suggests it.</summary>
    public static SocketsHttpHandler Sockets(LlmEndpoint endpoint, TimeOptions times) => new()
    {
        ConnectTimeout = endpoint.Connect ?? times.Connect,
        PooledConnectionLifetime = TimeSpan.FromMinutes(2),
        AllowAutoRedirect = false,
        UseProxy = false,
        UseCookies = false,
    };

    /// <summary>Calls the model and reads the whole answer, or gives up at the first limit that is passed. Does not throw.</summary>
    public Task<Attempt> AskAsync(EligibleEndpoint here, Draft draft, Deadline deadline, CancellationToken cancellationToken) =>
        ReadAsync(here.Call, here.Call.Messages, Written(here.Call.Sampling), draft, deadline, cancellationToken);

    /// <summary>Asks for one token of small talk: for a probe, which carries nobody's words and so needs nobody's leave.</summary>
    public Task<Attempt> GreetAsync(Deadline deadline, CancellationToken cancellationToken) =>
        ReadAsync(null, [new ChatMessage(ChatRole.User, "Hello")], OneToken, Draft.Unread(), deadline, cancellationToken);

    /// <summary>What <c>/health</c> answers. Throws what the network throws.</summary>
    public async Task<HttpStatusCode> HealthAsync(CancellationToken cancellationToken)
    {
        using var response = await http.GetAsync("health", HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        return response.StatusCode;
    }

    public void Dispose()
    {
        chat.Dispose();
        http.Dispose();
    }

    private async Task<Attempt> ReadAsync(
        ModelCall? call, IEnumerable<ChatMessage> messages, ChatOptions options, Draft draft, Deadline deadline, CancellationToken cancellationToken)
    {
        var flow = new CallFlow(deadline, call);
        flow.Begin();
        var notes = new AttemptNotes(endpoint, limits, flow, draft.Author?.Lane.Traffic.Known());
        var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var updates = chat.GetStreamingResponseAsync(messages, options, stop.Token).GetAsyncEnumerator(stop.Token);
        for (var isAsked = false; ; isAsked = true)
        {
            // Asking has its own task, so that a library that blocks before its first await cannot hold up the timer; reading on awaits the network.
            var next = isAsked ? updates.MoveNextAsync().AsTask() : Task.Run(() => updates.MoveNextAsync().AsTask(), CancellationToken.None);
            if (await draft.EndOfWaitAsync(next, notes, deadline, cancellationToken) is { } over)
            {
                Race.Forget(EndAsync(next, updates, stop));
                return over;
            }

            var update = await next ? updates.Current : null;
            if (update is not null && notes.Take(update) && draft.Take(update.Text, deadline.Clock))
            {
                continue;
            }

            Race.Forget(EndAsync(next, updates, stop));
            return update is null ? draft.Settle(notes.Ended()) : draft.IsLost ? notes.Lost() : notes.TooSlow();
        }
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
