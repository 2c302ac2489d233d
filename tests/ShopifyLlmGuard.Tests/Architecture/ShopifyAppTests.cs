using System.Text.Json;
using System.Text.RegularExpressions;
using ShopifyLlmGuard.Server.Shopify;
using ShopifyLlmGuard.Server.Trust;

namespace ShopifyLlmGuard.Tests.Architecture;

/// <summary>What shopify.app.toml promises is what the server does; and Shopify CLI would take the file.</summary>
public sealed partial class ShopifyAppTests : IAsyncLifetime
{
    private JsonElement file;

    private JsonElement Webhooks => file.GetProperty("webhooks");

    public async Task InitializeAsync() => file = await Node.AskAsync("toml.mjs", null, Path.Combine(Node.RepositoryRoot, "shopify.app.toml"));

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public void Names_and_addresses_are_what_Shopify_allows()
    {
        Assert.InRange(file.GetProperty("name").GetString()!.Length, 1, 30);
        Assert.Matches(@"\A[a-z0-9-]{1,50}\z", file.GetProperty("handle").GetString());
        Assert.StartsWith("https://", file.GetProperty("application_url").GetString(), StringComparison.Ordinal);
        Assert.True(file.GetProperty("embedded").GetBoolean());
        Assert.NotEmpty(file.GetProperty("auth").GetProperty("redirect_urls").EnumerateArray());
        Assert.True(File.Exists(Path.Combine(Node.RepositoryRoot, "package.json")), "Shopify CLI wants a package.json.");
    }

    [Fact]
    public void Nothing_obsolete_is_in_it()
    {
        Assert.False(file.GetProperty("build").TryGetProperty("include_config_on_deploy", out _));
        Assert.False(Webhooks.TryGetProperty("privacy_compliance", out _));
    }

    [Fact]
    public void The_scopes_are_the_few_that_the_server_needs() =>
        Assert.Equal("read_products,write_products,write_app_proxy", file.GetProperty("access_scopes").GetProperty("scopes").GetString());

    [Fact]
    public void The_app_proxy_points_to_the_routes_that_are_signed()
    {
        var proxy = file.GetProperty("app_proxy");
        Assert.Contains(proxy.GetProperty("prefix").GetString(), (string[])["a", "apps", "community", "tools"]);
        Assert.Matches(@"\A[A-Za-z0-9_-]{1,30}\z", proxy.GetProperty("subpath").GetString());
        Assert.All(Approved(Proof.AppProxy), route => Assert.StartsWith($"{proxy.GetProperty("url").GetString()}/", route, StringComparison.Ordinal));
        Assert.NotEmpty(Approved(Proof.AppProxy));
    }

    [Fact]
    public void Every_webhook_goes_to_the_route_that_checks_the_body() => Assert.All(
        Webhooks.GetProperty("subscriptions").EnumerateArray(),
        subscription => Assert.Equal(Approved(Proof.Webhook).Single(), subscription.GetProperty("uri").GetString()));

    [Fact]
    public void The_mandatory_privacy_topics_are_there_once() => Assert.Equal(
        ["customers/data_request", "customers/redact", "shop/redact"],
        Topics("compliance_topics").Order(StringComparer.Ordinal));

    [Fact]
    public void Every_topic_is_handled_and_none_is_subscribed_twice()
    {
        var topics = Topics("topics").Concat(Topics("compliance_topics")).ToList();
        var source = File.ReadAllText(Path.Combine(Node.RepositoryRoot, "app/ShopifyLlmGuard.Server/Webhooks/DeliveryDesk.cs"));

        Assert.Equal(topics.Distinct(), topics);
        Assert.Equal(topics.Order(StringComparer.Ordinal), Topic().Matches(source).Select(match => match.Groups[1].Value).Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_api_version_is_the_one_that_the_server_calls() =>
        Assert.Equal(AdminDocument.ApiVersion, Webhooks.GetProperty("api_version").GetString());

    [Fact]
    public async Task Shopify_CLI_can_start_the_server()
    {
        var web = await Node.AskAsync("toml.mjs", null, Path.Combine(Node.RepositoryRoot, "web/shopify.web.toml"));
        var dev = web.GetProperty("commands").GetProperty("dev").GetString()!;

        // The CLI splits at single spaces and knows no quotes.
        Assert.DoesNotContain("\"", dev, StringComparison.Ordinal);
        Assert.True(Directory.Exists(Path.Combine(Node.RepositoryRoot, "web", dev.Split(' ')[^1])));
        Assert.Equal(Approved(Proof.Webhook).Single(), web.GetProperty("webhooks_path").GetString());
    }

    private static List<string> Approved(string scheme) =>
        [.. File.ReadAllLines(Path.Combine(Node.RepositoryRoot, "tests/ShopifyLlmGuard.Tests/Architecture/Routes.approved.txt"))
            .Where(line => line.EndsWith($" {scheme}", StringComparison.Ordinal)).Select(line => line.Split(' ')[1])];

    private IEnumerable<string> Topics(string kind) => Webhooks.GetProperty("subscriptions").EnumerateArray()
        .Where(subscription => subscription.TryGetProperty(kind, out _))
        .SelectMany(subscription => subscription.GetProperty(kind).EnumerateArray().Select(topic => topic.GetString()!));

    [GeneratedRegex("\"([a-z]+/[a-z_]+)\"")]
    private static partial Regex Topic();
}
