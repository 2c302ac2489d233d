using System.Net;

namespace ShopifyLlmGuard.Llm.Wire;

/// <summary>
/// Reads along under the client library, which believes every 200: a 200 that is no event stream, an error inside the
/// stream, and a stream without end are failures.
/// </summary>
internal sealed class AnswerWire(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    private const string EventStream = "text/event-stream";

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = await base.SendAsync(request, cancellationToken);
        if (CallFlow.Current is not { } flow || response.StatusCode != HttpStatusCode.OK)
        {
            return response;
        }

        if (response.Content.Headers.ContentType?.MediaType != EventStream)
        {
            response.Dispose();
            throw new BrokenStreamException();
        }

        var checkedContent = new StreamContent(new CheckedStream(await response.Content.ReadAsStreamAsync(cancellationToken), flow));
        checkedContent.Headers.TryAddWithoutValidation("Content-Type", EventStream);
        response.Content = checkedContent;
        return response;
    }
}

/// <summary>The endpoint broke the protocol. Carries nothing that the endpoint wrote.</summary>
internal sealed class BrokenStreamException() : IOException("The answer is no sound event stream.");
