using Microsoft.Extensions.DependencyInjection;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Gateway;
using ShopifyLlmGuard.Tests.Faults;

namespace ShopifyLlmGuard.Tests.Gateway;

/// <summary>The whole server before endpoints that break, with a way to get keys.</summary>
internal sealed class GatewayApp : IAsyncDisposable
{
    private readonly GuardApp app = new();

    public GatewayApp(FaultField field) => Field = field;

    public FaultField Field { get; }

    public GuardApp App => app;

    public HttpClient Client => app.Client;

    public string Url => app.Client.BaseAddress!.ToString().TrimEnd('/');

    /// <summary>Starts the server with these endpoints.</summary>
    public async Task<GatewayApp> StartAsync(params (string Key, string Value)[] settings)
    {
        foreach (var (key, value) in Field.Settings.Concat(settings))
        {
            app.With(key, value);
        }

        await app.InitializeAsync();
        return this;
    }

    /// <summary>A key that this server knows already.</summary>
    public async Task<string> KeyAsync(string jurisdiction, int perMinute = 6000, int atOnce = 100, TimeSpan? lasts = null)
    {
        var (_, secret) = await Get<GatewayKeys>().AddAsync(new("a test", [jurisdiction], perMinute, atOnce, lasts, "test"));
        await RefreshAsync();
        return secret;
    }

    public Task RefreshAsync() => Get<Snapshots>().RefreshAsync();

    public T Get<T>() where T : notnull => app.Services.GetRequiredService<T>();

    public async ValueTask DisposeAsync()
    {
        await ((IAsyncLifetime)app).DisposeAsync();
        await Field.DisposeAsync();
    }
}
