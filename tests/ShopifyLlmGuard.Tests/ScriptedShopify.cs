using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ShopifyLlmGuard.Tests;

/// <summary>Shopify's side of the wire, on a real port: says what the test scripted, and keeps what it was asked.</summary>
public sealed partial class ScriptedShopify : IAsyncDisposable
{
    public static readonly object Installation = new
    {
        data = new { currentAppInstallation = new { id = "gid://shopify/AppInstallation/1" }, shop = new { name = "Carewell", currencyCode = "EUR" } },
    };

    private readonly WebApplication server;
    private readonly ConcurrentDictionary<string, Func<JsonElement, object>> answers = new();
    private int tokens;

    private ScriptedShopify(WebApplication server) => this.server = server;

    public string Url => server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();

    /// <summary>Every request body, in order: the operation's name or the grant type, the token it came with, the JSON.</summary>
    public ConcurrentQueue<(string Name, string? Token, JsonElement Body)> Asked { get; } = new();

    public TimeSpan AccessTokenLives { get; set; } = TimeSpan.FromHours(1);

    public static async Task<ScriptedShopify> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var shopify = new ScriptedShopify(builder.Build());
        shopify.server.MapPost("/admin/oauth/access_token", context => shopify.AnswerAsync(context, body => body.GetProperty("grant_type").GetString()!.Split(':')[^1]));
        shopify.server.MapPost("/admin/api/2026-10/graphql.json", context => shopify.AnswerAsync(context, body => Operation().Match(body.GetProperty("query").GetString()!).Groups[1].Value));
        shopify.Answers("token-exchange", _ => shopify.Token());
        shopify.Answers("refresh_token", _ => shopify.Token());
        shopify.Answers("Installation", _ => Installation);
        await shopify.server.StartAsync();
        return shopify;
    }

    /// <summary>Scripts an operation or a grant: an object for 200, an <see cref="IResult"/> for anything else.</summary>
    public void Answers(string name, Func<JsonElement, object> answer) => answers[name] = answer;

    public int Count(string name) => Asked.Count(asked => asked.Name == name);

    public object Token()
    {
        var number = Interlocked.Increment(ref tokens);
        return new
        {
            access_token = $"shpat_{number}", scope = "write_products", expires_in = (int)AccessTokenLives.TotalSeconds,
            refresh_token = $"shprt_{number}", refresh_token_expires_in = 7776000,
        };
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    private async Task AnswerAsync(HttpContext context, Func<JsonElement, string> nameOf)
    {
        var body = (await JsonDocument.ParseAsync(context.Request.Body)).RootElement;
        var name = nameOf(body);
        Asked.Enqueue((name, context.Request.Headers["X-Shopify-Access-Token"], body));
        var answer = answers.TryGetValue(name, out var script) ? script(body) : Results.NotFound();
        await (answer as IResult ?? Results.Json(answer)).ExecuteAsync(context);
    }

    [GeneratedRegex(@"(?:query|mutation) (\w+)")]
    private static partial Regex Operation();
}
