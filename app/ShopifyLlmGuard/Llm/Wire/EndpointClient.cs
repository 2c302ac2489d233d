using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Extensions.AI;
using ShopifyLlmGuard.Health.Progress;
using ShopifyLlmGuard.Llm.Residency;
using ShopifyLlmGuard.Llm.Routing;

namespace ShopifyLlmGuard.Llm.Wire;

/// <summary>Calls one endpoint over the OpenAI wire format, with its own limits for every step. The only way out of the guard to a model.</summary>
internal sealed class EndpointClient : IDisposable
{
    private const string EventStream = "text/event-stream";
    private const int MostOfAnswer = 1 << 20, MostOfAnError = 64 * 1024;
    private static readonly MediaTypeWithQualityHeaderValue Events = new(EventStream);
    private static readonly Sampling OneToken = new(1);
    private readonly LlmEndpoint endpoint;
    private readonly AttemptLimits limits;
    private readonly HttpMessageInvoker http;
    private readonly Uri address;
    private readonly Uri completions;

    // With the key of every call and probe: what a probe finds shall be what a call would find.
    private readonly AuthenticationHeaderValue? key;

    public EndpointClient(LlmEndpoint endpoint, LlmOptions llm, TimeOptions times, HttpMessageHandler way)
    {
        (this.endpoint, limits) = (endpoint, AttemptLimits.Of(endpoint, llm, times));
        address = new Uri(endpoint.Url.TrimEnd('/') + "/");
        completions = new Uri(address, "v1/chat/completions");
        key = string.IsNullOrEmpty(endpoint.ApiKey) ? null : new("Bearer", endpoint.ApiKey);

        // Whoever races the call owns its time and its retries; what lies below must have no opinion.
        http = new HttpMessageInvoker(way);
    }

    /// <summary>The way to an endpoint: to this address and to no other, whoever suggests it.</summary>
    public static SocketsHttpHandler Sockets(LlmEndpoint endpoint, TimeOptions times) => new()
    {
        ConnectTimeout = endpoint.Connect ?? times.Connect,
        PooledConnectionLifetime = TimeSpan.FromMinutes(2),
        AllowAutoRedirect = false,
        UseProxy = false,
        UseCookies = false,

        // What nobody reads any more is cut, so that the host stops computing it; an answer that has ended has its last bytes by then.
        ResponseDrainTimeout = TimeSpan.FromMilliseconds(50),
    };

    /// <summary>Calls the model and reads the whole answer, or gives up at the first limit that is passed. Does not throw.</summary>
    public Task<Attempt> AskAsync(EligibleEndpoint here, Draft draft, Deadline deadline, CancellationToken cancellationToken) =>
        ReadAsync(here.Call, CallBody.Of(endpoint.Model, here.Call.Messages, here.Call.Sampling), draft, deadline, cancellationToken);

    /// <summary>Asks for one token of small talk: for a probe, which carries nobody's words and so needs nobody's leave.</summary>
    public Task<Attempt> GreetAsync(Deadline deadline, CancellationToken cancellationToken) =>
        ReadAsync(null, CallBody.Of(endpoint.Model, [new ChatMessage(ChatRole.User, "Hello")], OneToken), Draft.Unread(), deadline, cancellationToken);

    /// <summary>What <c>/health</c> answers. Throws what the network throws.</summary>
    public Task<HttpStatusCode> HealthAsync(CancellationToken cancellationToken) => StatusAsync("health", cancellationToken);

    /// <summary>What <c>/v1/models</c> answers. Throws what the network throws.</summary>
    public Task<HttpStatusCode> ModelsAsync(CancellationToken cancellationToken) => StatusAsync("v1/models", cancellationToken);

    /// <summary>What <c>/metrics</c> tells under these names; nothing when the host has none. Throws what the network throws.</summary>
    public async Task<IReadOnlyList<Sample>> MetricsAsync(Func<string, bool> wanted, CancellationToken cancellationToken)
    {
        using var response = await http.SendAsync(Get("metrics"), cancellationToken);
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

    public void Dispose() => http.Dispose();

    // Null when the host has nothing of the kind there.
    private async Task<JsonDocument?> DocumentAsync(string path, CancellationToken cancellationToken)
    {
        using var response = await http.SendAsync(Get(path), cancellationToken);
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
        using var response = await http.SendAsync(Get(path), cancellationToken);
        return response.StatusCode;
    }

    private HttpRequestMessage Get(string path) => new(HttpMethod.Get, new Uri(address, path)) { Headers = { Authorization = key } };

    private async Task<Attempt> ReadAsync(ModelCall? call, HttpContent body, Draft draft, Deadline deadline, CancellationToken cancellationToken)
    {
        var notes = new AttemptNotes(endpoint, limits, deadline, isProbe: call is null, draft.Author?.Lane.Traffic.Known());
        var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var chunks = ChunksAsync(call, body, notes, deadline, stop.Token).GetAsyncEnumerator(CancellationToken.None);
        while (true)
        {
            var next = chunks.MoveNextAsync().AsTask();
            if (await draft.EndOfWaitAsync(next, notes, deadline, cancellationToken) is { } over)
            {
                Race.Forget(EndAsync(next, chunks, stop));
                return over;
            }

            var chunk = await next ? chunks.Current : null;
            if (chunk is not null && notes.Take(chunk) && draft.Take(chunk.Words, deadline.Clock))
            {
                continue;
            }

            Race.Forget(EndAsync(next, chunks, stop));
            return chunk is null ? draft.Settle(notes.Ended()) : draft.IsLost ? notes.Lost() : notes.TooSlow();
        }
    }

    private async IAsyncEnumerable<AnswerChunk> ChunksAsync(
        ModelCall? call, HttpContent body, AttemptNotes notes, Deadline deadline, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, completions) { Content = body, Headers = { Authorization = key, Accept = { Events } } };
        HostHeaders.Write(request.Headers, deadline, call);
        using var response = await http.SendAsync(request, cancellationToken);
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            notes.TurnedAway((int)response.StatusCode, response.Headers, await CodeAsync(stream, cancellationToken));
            yield break;
        }

        // A 200 that is no event stream is a web page, or a host that does not know what it was asked.
        if (response.StatusCode != HttpStatusCode.OK || response.Content.Headers.ContentType?.MediaType != EventStream)
        {
            throw new BrokenStreamException();
        }

        using var events = new EventReader(stream, (call?.Sampling ?? OneToken).MaxTokens);
        while (await events.NextAsync(cancellationToken) is { } chunk)
        {
            yield return chunk;
        }

        notes.SawEnd = events.SawEnd;
    }

    // An error's body may be as long as it likes; only its beginning is read.
    private static async Task<string?> CodeAsync(Stream body, CancellationToken cancellationToken)
    {
        var bytes = new byte[MostOfAnError];
        return ErrorBody.Code(bytes.AsMemory(0, await body.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellationToken)));
    }

    // What still runs is stopped, or cut between two events; what has ended gives its connection back.
    private static async Task EndAsync(Task last, IAsyncEnumerator<AnswerChunk> chunks, CancellationTokenSource stop)
    {
        if (!last.IsCompleted)
        {
            await stop.CancelAsync();
            await last.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await chunks.DisposeAsync();
        stop.Dispose();
    }
}
