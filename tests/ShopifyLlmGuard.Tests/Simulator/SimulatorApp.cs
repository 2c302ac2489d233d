extern alias Simulator;

using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Simulator::ShopifyLlmGuard.Simulator.Platform.Tokens;

namespace ShopifyLlmGuard.Tests.Simulator;

/// <summary>The shop simulator in this process, with a clock that the test holds and no merchant of its own.</summary>
internal sealed class SimulatorApp(params (string Key, string Value)[] settings) : WebApplicationFactory<Simulator::Program>
{
    public const string ClientId = "dev-client-id";
    public const string Secret = "dev-client-secret";
    public const string Shop = "carewell.myshopify.com";

    private const string Exchange = "urn:ietf:params:oauth:grant-type:token-exchange";

    /// <summary>Starts now, because Shopify's own library reads the real clock.</summary>
    public FakeTimeProvider Clock { get; } = new(TimeProvider.System.GetUtcNow());

    public T Get<T>()
        where T : notnull => Services.GetRequiredService<T>();

    /// <summary>Opens a real port, for a browser. The factory's own choice of a port races with the start of the program.</summary>
    public void Listen()
    {
        UseKestrel();
        StartServer();
    }

    /// <returns>The form of a correct exchange; tests spoil one field.</returns>
    public Dictionary<string, string> ExchangeForm() => new()
    {
        ["client_id"] = ClientId,
        ["client_secret"] = Secret,
        ["grant_type"] = Exchange,
        ["subject_token"] = Get<IdTokens>().Mint(),
        ["subject_token_type"] = "urn:ietf:params:oauth:token-type:id_token",
        ["requested_token_type"] = "urn:shopify:params:oauth:token-type:offline-access-token",
        ["expiring"] = "1",
    };

    public async Task<(int Status, JsonElement Body)> AskForTokenAsync(Dictionary<string, string> form)
    {
        using var client = CreateClient();
        using var answer = await client.PostAsJsonAsync("/admin/oauth/access_token", form);
        return ((int)answer.StatusCode, await answer.Content.ReadFromJsonAsync<JsonElement>());
    }

    public async Task<JsonElement> AskAsync(string query, object? variables = null)
    {
        using var client = CreateClient();
        client.DefaultRequestHeaders.Add("X-Shopify-Access-Token", Get<TokenDesk>().Exchange().Access);
        using var answer = await client.PostAsJsonAsync("/admin/api/2026-10/graphql.json", new { query, variables });
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        builder.UseSetting("urls", "http://127.0.0.1:0");
        builder.UseSetting("Simulator:Platform:InstallAtStart", "false");
        foreach (var (key, value) in settings)
        {
            builder.UseSetting(key, value);
        }

        builder.ConfigureLogging(logging => logging.ClearProviders());
        builder.ConfigureTestServices(services => services.Replace(ServiceDescriptor.Singleton<TimeProvider>(Clock)));
    }
}
