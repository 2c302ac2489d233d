using System.Globalization;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Options;

namespace ShopifyLlmGuard.Simulator.Storefront.Proxy;

/// <summary>
/// <c>/apps/guard/…</c> of the storefront, answered by the app at <c>/proxy/…</c>: signed, without cookies in either direction,
/// redirects followed. An app that does not answer becomes an error page of Shopify.
/// </summary>
internal sealed partial class AppProxy(
    IHttpClientFactory clients, IOptions<SimulatorOptions> options, TimeProvider clock, ProxyLog requests, ILogger<AppProxy> logger)
{
    public const string Path = "/apps/guard";

    /// <summary>Shopify documents no limit; the simulator takes the longest that has been reported.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private static readonly string[] KeptFromTheApp = ["Cookie", "Host", "Connection", "Content-Length", "Transfer-Encoding", "X-Forwarded-For", "X-Forwarded-Host"];

    private static readonly string[] KeptFromTheBrowser =
    [
        "Accept-Patch", "Accept-Ranges", "Connection", "Cookie", "Date", "Delta-Base", "IM", "P3P", "Pragma", "Preference-Applied",
        "Proxy-Authenticate", "Public-Key-Pins", "Server", "Service-Worker-Allowed", "Set-Cookie", "Trailer", "Tk", "Warning",
        "X-Powered-By", "Transfer-Encoding",
    ];

    public async Task ForwardAsync(HttpContext http, string? rest)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
        using var timer = clock.CreateTimer(_ => limit.Cancel(), null, Limit, Timeout.InfiniteTimeSpan);
        using var request = Request(http.Request, rest);
        try
        {
            using var response = await clients.CreateClient(nameof(AppProxy))
                .SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            requests.Add(new(clock.GetUtcNow(), http.Request.Method, request.RequestUri!.PathAndQuery, (int)response.StatusCode));
            await AnswerAsync(http.Response, response, limit.Token);
        }
        catch (HttpRequestException unreachable)
        {
            await FailAsync(http, request, StatusCodes.Status502BadGateway, unreachable.Message);
        }
        catch (OperationCanceledException) when (!http.RequestAborted.IsCancellationRequested)
        {
            await FailAsync(http, request, StatusCodes.Status504GatewayTimeout, $"no answer within {Limit.TotalSeconds} s");
        }
        catch (OperationCanceledException)
        {
            Log.BrowserLeft(logger, request.RequestUri!.AbsolutePath);
        }
    }

    private HttpRequestMessage Request(HttpRequest browser, string? rest)
    {
        // Shopify keeps what the shopper sent, reserved names included, and adds its own behind: the app has to notice.
        var parameters = Pairs(browser.QueryString.Value).ToList();
        parameters.Add(new("shop", options.Value.Shop));
        parameters.Add(new("logged_in_customer_id", ""));
        parameters.Add(new("path_prefix", Path));
        parameters.Add(new("timestamp", clock.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)));
        parameters.Add(new("signature", ProxySignature.Of(parameters, options.Value.ClientSecret)));
        var query = string.Join('&', parameters.Select(pair => $"{Uri.EscapeDataString(pair.Key)}={Uri.EscapeDataString(pair.Value)}"));
        var request = new HttpRequestMessage(new(browser.Method), $"{options.Value.AppUrl}/proxy/{rest}?{query}")
        {
            Content = browser.ContentLength > 0 || browser.Headers.TransferEncoding.Count > 0 ? new StreamContent(browser.Body) : null,
        };
        foreach (var (name, values) in browser.Headers.Where(header => !KeptFromTheApp.Contains(header.Key, StringComparer.OrdinalIgnoreCase)))
        {
            if (!request.Headers.TryAddWithoutValidation(name, values.AsEnumerable()))
            {
                request.Content?.Headers.TryAddWithoutValidation(name, values.AsEnumerable());
            }
        }

        request.Headers.TryAddWithoutValidation("X-Forwarded-For", browser.HttpContext.Connection.RemoteIpAddress?.ToString());
        request.Headers.TryAddWithoutValidation("X-Forwarded-Host", new Uri(options.Value.Url).Authority);
        return request;
    }

    private static IEnumerable<KeyValuePair<string, string>> Pairs(string? query)
    {
        foreach (var pair in new QueryStringEnumerable(query))
        {
            yield return new(pair.DecodeName().ToString(), pair.DecodeValue().ToString());
        }
    }

    private static async Task AnswerAsync(HttpResponse browser, HttpResponseMessage app, CancellationToken cancellationToken)
    {
        browser.StatusCode = (int)app.StatusCode;
        foreach (var (name, values) in app.Headers.Concat(app.Content.Headers))
        {
            if (!KeptFromTheBrowser.Contains(name, StringComparer.OrdinalIgnoreCase))
            {
                browser.Headers[name] = values.ToArray();
            }
        }

        await app.Content.CopyToAsync(browser.Body, cancellationToken);
    }

    private async Task FailAsync(HttpContext http, HttpRequestMessage request, int status, string reason)
    {
        requests.Add(new(clock.GetUtcNow(), http.Request.Method, request.RequestUri!.PathAndQuery, status));
        Log.AppFailed(logger, request.RequestUri.AbsolutePath, reason);
        if (!http.Response.HasStarted)
        {
            http.Response.StatusCode = status;
            http.Response.ContentType = "text/html; charset=utf-8";
            await http.Response.WriteAsync(ProxyErrorPage.Html(status), http.RequestAborted);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The app did not answer {Path}: {Reason}")]
        public static partial void AppFailed(ILogger logger, string path, string reason);

        [LoggerMessage(LogLevel.Information, "The browser left before the app answered {Path}")]
        public static partial void BrowserLeft(ILogger logger, string path);
    }
}
