using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Shops;

namespace ShopifyLlmGuard.Tests;

/// <summary>The whole server on a real port, with a database of its own and a scripted Shopify.</summary>
public sealed class GuardApp : WebApplicationFactory<Program>, IAsyncLifetime
{
    public const string Shop = "carewell.myshopify.com";

    private readonly Dictionary<string, string> settings = new()
    {
        ["Shopify:ClientId"] = Signed.ClientId,
        ["Shopify:ClientSecret"] = Signed.Secret,
        ["Shopify:OldClientSecret"] = "old-client-secret",
        ["Shopify:TokenKey"] = Convert.ToBase64String(new byte[32]),
        ["Shopify:AppUrl"] = "http://127.0.0.1:5080",
        ["Guard:DataDirectory"] = Directory.CreateTempSubdirectory("guard").FullName,
        ["Jobs:Run"] = "false",
        ["Health:Watch"] = "false",
    };

    public GuardApp() => UseKestrel(0);

    public ScriptedShopify Shopify { get; private set; } = null!;

    public HttpClient Client { get; private set; } = null!;

    /// <summary>Everything that was logged, at any level.</summary>
    public LogLines Logs { get; } = new();

    public string DataDirectory => settings["Guard:DataDirectory"];

    public static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    /// <summary>A setting for this app, before it starts.</summary>
    public GuardApp With(string key, string value)
    {
        settings[key] = value;
        return this;
    }

    public async Task InitializeAsync()
    {
        Shopify = await ScriptedShopify.StartAsync();
        settings["Shopify:ShopUrl"] = Shopify.Url;
        settings.TryAdd("ConnectionStrings:Guard", PostgresCluster.Shared.NewDatabase());
        StartServer();
        Client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = ClientOptions.BaseAddress };
    }

    async Task IAsyncLifetime.DisposeAsync()
    {
        await DisposeAsync();
        await Shopify.DisposeAsync();
        Directory.Delete(settings["Guard:DataDirectory"], recursive: true);
    }

    /// <summary>A request as Shopify's app proxy forwards it.</summary>
    public Task<HttpResponseMessage> ProxyAsync(HttpMethod method, string path, object? body = null, params (string, string)[] query) =>
        Client.SendAsync(new HttpRequestMessage(method, $"/proxy/{path}{Signed.Query(Shop, Now, Signed.Secret, query)}")
        {
            Content = body is null ? null : JsonContent.Create(body),
        });

    /// <summary>A webhook; the tests spoil one part of it.</summary>
    public Task<HttpResponseMessage> WebhookAsync(
        string topic, string body, string? id = null, string? hmac = null, string shop = Shop, DateTimeOffset? triggeredAt = null)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        var request = new HttpRequestMessage(HttpMethod.Post, "/webhooks/shopify") { Content = new ByteArrayContent(bytes) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add("X-Shopify-Topic", topic);
        request.Headers.Add("X-Shopify-Shop-Domain", shop);
        request.Headers.Add("X-Shopify-Webhook-Id", id ?? Guid.NewGuid().ToString());
        request.Headers.Add("X-Shopify-Triggered-At", (triggeredAt ?? Now).ToString("O"));
        request.Headers.Add("X-Shopify-Hmac-Sha256", hmac ?? Signed.Body(bytes));
        return Client.SendAsync(request);
    }

    /// <summary>The shop has the app and a working token.</summary>
    public async Task InstallAsync(string shop = Shop, DateTimeOffset? accessUntil = null)
    {
        var tokens = new ShopTokens("shpat_0", accessUntil ?? Now.AddHours(1), "shprt_0", Now.AddDays(90), "write_products");
        await Services.GetRequiredService<ShopRegistry>().InstallAsync(new(shop, "Carewell", "EUR", "gid://shopify/AppInstallation/1"), tokens);
        await Services.GetRequiredService<Snapshots>().RefreshAsync();
    }

    public async Task<T> InScopeAsync<T>(Func<IServiceProvider, Task<T>> ask)
    {
        await using var scope = Services.CreateAsyncScope();
        return await ask(scope.ServiceProvider);
    }

    public Task RunAsync<TRound>(Func<TRound, Task> run) where TRound : notnull => InScopeAsync(async services =>
    {
        await run(services.GetRequiredService<TRound>());
        return true;
    });

    public async Task<T> QueryAsync<T>(Func<GuardDb, Task<T>> query)
    {
        await using var db = await Services.GetRequiredService<IDbContextFactory<GuardDb>>().CreateDbContextAsync();
        return await query(db);
    }

    /// <summary>
    /// What lies in every table: two equal answers mean that nothing was changed in between. Heartbeats, and the evidence and the counts of
    /// answers, are left out, since their writers store them a moment later, also those of the tests before.
    /// </summary>
    public Task<string> ContentAsync() => QueryAsync(async db =>
        (await db.Database.SqlQueryRaw<string>(
            """
            SELECT string_agg(table_name || '=' || (xpath('//c/text()', query_to_xml(format(
                'SELECT count(*) || chr(58) || md5(coalesce(string_agg(r::text, chr(10) ORDER BY r::text), chr(32))) AS c FROM guard.%I AS r',
                table_name), false, true, '')))[1]::text, ' ' ORDER BY table_name) AS "Value"
            FROM information_schema.tables WHERE table_schema = 'guard'
              AND table_name NOT IN ('attempts', 'evidence_heads', 'answer_minutes', 'heartbeats', 'heartbeat_echoes')
            """).ToListAsync())[0]);

    /// <summary>Sends a request as it is written, such as with a header twice, and reads the status.</summary>
    public async Task<HttpStatusCode> SendRawAsync(string head, string body = "")
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var connection = new TcpClient();
        await connection.ConnectAsync(ClientOptions.BaseAddress.Host, ClientOptions.BaseAddress.Port, limit.Token);
        var bytes = Encoding.UTF8.GetBytes(body);
        var request = $"{head}\nHost: guard.example\nContent-Length: {bytes.Length}\nConnection: close\n\n".ReplaceLineEndings("\r\n");
        await connection.GetStream().WriteAsync((byte[])[.. Encoding.ASCII.GetBytes(request), .. bytes], limit.Token);
        using var reader = new StreamReader(connection.GetStream());
        var status = await reader.ReadLineAsync(limit.Token);
        return (HttpStatusCode)int.Parse(status!.Split(' ')[1], CultureInfo.InvariantCulture);
    }

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        // What a shopper meets: no page for developers, no routes for them either.
        builder.UseEnvironment(Environments.Production);
        foreach (var (key, value) in settings)
        {
            builder.UseSetting(key, value);
        }

        builder.ConfigureLogging(logging => logging.ClearProviders().AddProvider(Logs));
    }
}
