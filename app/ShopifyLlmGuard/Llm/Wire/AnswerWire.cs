using System.Net;

namespace ShopifyLlmGuard.Llm.Wire;

/// <summary>
/// Reads along under the client library, which believes every 200: a 200 that is no event stream, an error inside the
/// stream, and a stream without end are failures. It also reads whatever an error's body holds, so that gets an end here.
/// </summary>
internal sealed class AnswerWire(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    private const string EventStream = "text/event-stream";
    private const int MostOfAnError = 64 * 1024;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = await base.SendAsync(request, cancellationToken);
        if (CallFlow.Current is not { } flow)
        {
            return response;
        }

        if (!response.IsSuccessStatusCode)
        {
            response.Content = await BeginningAsync(response.Content, cancellationToken);
            return response;
        }

        if (response.StatusCode != HttpStatusCode.OK || response.Content.Headers.ContentType?.MediaType != EventStream)
        {
            response.Dispose();
            throw new BrokenStreamException();
        }

        var checkedContent = new StreamContent(new CheckedStream(await response.Content.ReadAsStreamAsync(cancellationToken), flow));
        checkedContent.Headers.TryAddWithoutValidation("Content-Type", EventStream);
        response.Content = checkedContent;
        return response;
    }

    private static async Task<HttpContent> BeginningAsync(HttpContent content, CancellationToken cancellationToken)
    {
        using (content)
        {
            await using var body = await content.ReadAsStreamAsync(cancellationToken);
            var bytes = new byte[MostOfAnError];
            return new ByteArrayContent(bytes, 0, await body.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellationToken));
        }
    }
}

/// <summary>The endpoint broke the protocol. Carries nothing that the endpoint wrote.</summary>
internal sealed class BrokenStreamException() : IOException("The answer is no sound event stream.");
