using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace ShopifyLlmGuard.Tests.Simulator;

/// <summary>One request as it arrived at the app.</summary>
internal sealed record Arrival(string Method, string Path, IQueryCollection Query, IHeaderDictionary Headers, byte[] Body);

/// <summary>A small app on a real port that the simulator talks to instead of the guard.</summary>
internal sealed class FakeGuard : IAsyncDisposable
{
    private readonly WebApplication server;
    private readonly SemaphoreSlim arrived = new(0);

    private FakeGuard(WebApplication server) => this.server = server;

    public string Url => server.Urls.First();

    public ConcurrentQueue<Arrival> Arrivals { get; } = [];

    public static async Task<FakeGuard> StartAsync(Func<Arrival, HttpResponse, Task> answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var guard = new FakeGuard(builder.Build());
        guard.server.Run(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            var arrival = new Arrival(
                context.Request.Method, context.Request.Path, context.Request.Query, new HeaderDictionary(context.Request.Headers.ToDictionary()), body.ToArray());
            guard.Arrivals.Enqueue(arrival);
            guard.arrived.Release();
            await answer(arrival, context.Response);
        });
        await guard.server.StartAsync();
        return guard;
    }

    /// <summary>Waits until a request like this has come; every call looks at all requests again.</summary>
    public async Task<Arrival> SeesAsync(Func<Arrival, bool> condition)
    {
        while (true)
        {
            if (Arrivals.FirstOrDefault(condition) is { } found)
            {
                return found;
            }

            Assert.True(
                await arrived.WaitAsync(TimeSpan.FromSeconds(60)),
                $"The request never came; these did: {string.Join(", ", Arrivals.Select(arrival => $"{arrival.Method} {arrival.Path}"))}");
        }
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();
}
