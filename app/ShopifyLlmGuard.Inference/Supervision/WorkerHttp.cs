using System.Net.Sockets;
using System.Text;

namespace ShopifyLlmGuard.Inference.Supervision;

/// <summary>HTTP to one worker over its Unix socket.</summary>
internal static class WorkerHttp
{
    /// <summary>The host's name means nothing there; HTTP wants one.</summary>
    public const string Prefix = "http://worker";

    public static HttpMessageInvoker Create(string socketPath) => new(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        ActivityHeadersPropagator = null,
        // As the server in front decodes them; otherwise one letter beyond ASCII in a header would be an error of the connection.
        RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8,
        // What is left of an answer that nobody reads any more is not read either: the worker is to see at once that it is alone.
        ResponseDrainTimeout = TimeSpan.Zero,
        ConnectTimeout = TimeSpan.FromSeconds(5),
        ConnectCallback = async (_, cancellationToken) =>
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath), cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        },
    });
}
