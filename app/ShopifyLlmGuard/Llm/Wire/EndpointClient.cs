using System.ClientModel;
using System.ClientModel.Primitives;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.Extensions.AI;
using OpenAI;
using ShopifyLlmGuard.Health.Progress;
using ShopifyLlmGuard.Llm.Residency;
using ShopifyLlmGuard.Llm.Routing;

namespace ShopifyLlmGuard.Llm.Wire;

/// <summary>Calls one endpoint over the OpenAI wire format, with its own limits for every step. The only way out of the guard to a model.</summary>
internal sealed class EndpointClient : IDisposable
{
    private const int MostOfAnswer = 1 << 20;
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
    public Task<HttpStatusCode> HealthAsync(CancellationToken cancellationToken) => StatusAsync("health", cancellationToken);

    /// <summary>What <c>/v1/models</c> answers. Throws what the network throws.</summary>
    public Task<HttpStatusCode> ModelsAsync(CancellationToken cancellationToken) => StatusAsync("v1/models", cancellationToken);

    /// <summary>What <c>/metrics</c> tells under these names; nothing when the host has none. Throws what the network throws.</summary>
    public async Task<IReadOnlyList<Sample>> MetricsAsync(Func<string, bool> wanted, CancellationToken cancellationToken)
    {
        using var response = await http.SendAsync(Get("metrics"), HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            return [];
        }

        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken));
        return await PrometheusText.ReadAsync(reader, wanted, MostOfAnswer, cancellationToken);
    }

    /// <summary>What the host tells of the model that it has loaded. Throws what the network throws.</summary>
    public async Task<HostModel> DescribeAsync(CancellationToken cancellationToken)
    {
        using var models = await DocumentAsync("v1/models", cancellationToken);
        var told = models is null ? HostModel.Untold : HostModel.OfModels(models.RootElement, endpoint.Model);
        if (told.Template is not null)
        {
            return told;
        }

        using var props = await DocumentAsync("props", cancellationToken);
        return props is null ? told : told with { Template = HostModel.TemplateOf(props.RootElement) };
    }

    public void Dispose()
    {
        chat.Dispose();
        http.Dispose();
    }

    // Null when the host has nothing of the kind there.
    private async Task<JsonDocument?> DocumentAsync(string path, CancellationToken cancellationToken)
    {
        using var response = await http.SendAsync(Get(path), HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            return null;
        }

        await response.Content.LoadIntoBufferAsync(MostOfAnswer, cancellationToken);
        try
        {
            return await JsonDocument.ParseAsync(await response.Content.ReadAsStreamAsync(cancellationToken), default, cancellationToken);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private async Task<HttpStatusCode> StatusAsync(string path, CancellationToken cancellationToken)
    {
        using var response = await http.SendAsync(Get(path), HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        return response.StatusCode;
    }

    // With the key of every call: what a probe finds shall be what a call would find.
    private HttpRequestMessage Get(string path) => new(HttpMethod.Get, path)
    {
        Headers = { Authorization = string.IsNullOrEmpty(endpoint.ApiKey) ? null : new AuthenticationHeaderValue("Bearer", endpoint.ApiKey) },
    };

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
