using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using ShopifyLlmGuard.Catalog;
using ShopifyLlmGuard.Server.Shopify;
using ShopifyLlmGuard.Shops;
using ShopifyLlmGuard.Tests.Webhooks;

namespace ShopifyLlmGuard.Tests.Shopify;

/// <summary>Tokens, throttling, synchronising and publishing, against a scripted Shopify on a real port.</summary>
public sealed class ShopAdminTests : IAsyncLifetime
{
    private readonly GuardApp app = new();

    private ShopRegistry Registry => app.Services.GetRequiredService<ShopRegistry>();

    public Task InitializeAsync() => ((IAsyncLifetime)app).InitializeAsync();

    public Task DisposeAsync() => ((IAsyncLifetime)app).DisposeAsync();

    [Fact]
    public async Task The_first_visit_exchanges_the_token_and_installs_the_app_and_later_ones_do_not()
    {
        for (var visit = 0; visit < 3; visit++)
        {
            Assert.True((await VisitAsync()).IsSuccessStatusCode);
        }

        Assert.Equal(1, app.Shopify.Count("token-exchange"));
        Assert.Equal("1", app.Shopify.Asked.First().Body.GetProperty("expiring").GetString());
        Assert.Equal(("Carewell", "EUR", "gid://shopify/AppInstallation/1"), Of(Registry.Profile(GuardApp.Shop)));
        Assert.Equal("shpat_1", (await Registry.TokensAsync(GuardApp.Shop))?.AccessToken);
    }

    [Fact]
    public async Task A_granted_token_is_kept_although_Shopify_says_no_more_and_the_rest_is_asked_later()
    {
        app.Shopify.Answers("Installation", _ => Results.StatusCode(502));
        Assert.True((await VisitAsync()).IsSuccessStatusCode);
        Assert.NotNull(await Registry.TokensAsync(GuardApp.Shop));

        app.Shopify.Answers("Installation", _ => ScriptedShopify.Installation);
        await app.RunAsync<Installation>(installation => installation.CompleteAsync(all: false, CancellationToken.None));

        Assert.Equal(("Carewell", "EUR", "gid://shopify/AppInstallation/1"), Of(Registry.Profile(GuardApp.Shop)));
    }

    [Theory]
    [InlineData(500)]
    [InlineData(429)]
    public async Task Trouble_at_Shopify_does_not_keep_staff_from_their_page(int status)
    {
        app.Shopify.Answers("token-exchange", _ => Results.StatusCode(status));

        Assert.True((await VisitAsync()).IsSuccessStatusCode);
    }

    [Fact]
    public async Task A_token_that_Shopify_calls_stale_is_answered_with_the_retry_header()
    {
        app.Shopify.Answers("token-exchange", _ => Results.Json(new { error = "invalid_subject_token" }, statusCode: 400));

        var response = await VisitAsync();

        Assert.Equal(401, (int)response.StatusCode);
        Assert.True(response.Headers.Contains("X-Shopify-Retry-Invalid-Session-Request"));
    }

    [Fact]
    public async Task A_refused_token_is_forgotten_before_anybody_is_told()
    {
        await app.InstallAsync();
        app.Shopify.Answers("Installation", _ => Results.Unauthorized());

        Assert.IsType<AdminReply.Unauthorized>(await AskAsync());

        Assert.Null(await Registry.TokensAsync(GuardApp.Shop));
        app.Shopify.Answers("Installation", _ => ScriptedShopify.Installation);
        Assert.True((await VisitAsync()).IsSuccessStatusCode);
        Assert.Equal(1, app.Shopify.Count("token-exchange"));
    }

    [Fact]
    public async Task Ten_callers_with_an_old_token_renew_it_once()
    {
        await app.InstallAsync(accessUntil: GuardApp.Now.AddMinutes(1));

        var replies = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => AskAsync()));

        Assert.All(replies, reply => Assert.IsType<AdminReply.Done>(reply));
        Assert.Equal(1, app.Shopify.Count("refresh_token"));
        Assert.All(app.Shopify.Asked.Where(asked => asked.Name == "Installation"), asked => Assert.Equal("shpat_1", asked.Token));
        Assert.Equal("shprt_1", (await Registry.TokensAsync(GuardApp.Shop))?.RefreshToken);
    }

    [Fact]
    public async Task A_renewal_that_fails_keeps_the_old_refresh_token_for_the_next_attempt()
    {
        await app.InstallAsync(accessUntil: GuardApp.Now.AddMinutes(1));
        app.Shopify.Answers("refresh_token", _ => Results.StatusCode(503));
        Assert.IsType<AdminReply.Done>(await AskAsync());

        app.Shopify.Answers("refresh_token", _ => app.Shopify.Token());
        Assert.IsType<AdminReply.Done>(await AskAsync());

        Assert.Equal("shprt_0, shprt_0", string.Join(", ", app.Shopify.Asked.Where(asked => asked.Name == "refresh_token").Select(asked => asked.Body.GetProperty("refresh_token").GetString())));
    }

    [Fact]
    public async Task A_throttled_call_is_made_again()
    {
        await app.InstallAsync();
        app.Shopify.Answers("Installation", _ => app.Shopify.Count("Installation") == 1
            ? new { errors = new[] { new { message = "Throttled", extensions = new { code = "THROTTLED" } } }, extensions = new { cost = new { requestedQueryCost = 3, throttleStatus = new { currentlyAvailable = 0, restoreRate = 100.0 } } } }
            : ScriptedShopify.Installation);

        Assert.IsType<AdminReply.Done>(await AskAsync());
        Assert.Equal(2, app.Shopify.Count("Installation"));
    }

    [Fact]
    public async Task A_whole_catalogue_is_read_page_by_page_and_what_is_gone_leaves()
    {
        await app.InstallAsync();
        var before = GuardApp.Now.AddHours(-1);
        await Catalog.UpsertAsync(GuardApp.Shop, [AdminProduct.Read(System.Text.Json.JsonSerializer.SerializeToElement(InboxRoundTests.Product(99, "Gone", before)))]);
        app.Shopify.Answers("Products", body => body.GetProperty("variables").GetProperty("after").GetString() is null
            ? Page("cursor", InboxRoundTests.Product(1, "One", before), InboxRoundTests.Product(2, "Draft", before, "DRAFT"))
            : Page(null, InboxRoundTests.Product(3, "Three", before)));

        await app.RunAsync<CatalogSync>(sync => sync.RunAsync(CancellationToken.None));

        Assert.Equal("One, , Three, ", string.Join(", ", await TitleAsync(1), await TitleAsync(2), await TitleAsync(3), await TitleAsync(99)));
    }

    [Fact]
    public async Task A_catalogue_that_breaks_off_removes_nothing()
    {
        await app.InstallAsync();
        var before = GuardApp.Now.AddHours(-1);
        await Catalog.UpsertAsync(GuardApp.Shop, [AdminProduct.Read(System.Text.Json.JsonSerializer.SerializeToElement(InboxRoundTests.Product(99, "Kept", before)))]);
        app.Shopify.Answers("Products", body => body.GetProperty("variables").GetProperty("after").GetString() is null
            ? Page("cursor", InboxRoundTests.Product(1, "One", before))
            : Results.Json(new { errors = "no" }));

        await app.RunAsync<CatalogSync>(sync => sync.RunAsync(CancellationToken.None));

        Assert.Equal("One, Kept", string.Join(", ", await TitleAsync(1), await TitleAsync(99)));
    }

    [Fact]
    public async Task What_was_decided_is_published_once_and_again_only_when_it_changes()
    {
        await app.InstallAsync();
        app.Shopify.Answers("SetMetafields", _ => new { data = new { metafieldsSet = new { metafields = Array.Empty<object>(), userErrors = Array.Empty<object>() } } });

        await PublishAsync();
        await PublishAsync();
        Assert.Equal(1, app.Shopify.Count("SetMetafields"));
        Assert.Equal("chat, recommendations", string.Join(", ", app.Shopify.Asked.Last().Body.GetProperty("variables").GetProperty("metafields").EnumerateArray().Select(field => field.GetProperty("key").GetString())));

        await app.Services.GetRequiredService<ShopifyLlmGuard.Flags.FlagBoard>().SetAsync(GuardApp.Shop, "chat", false, "test", "off", CancellationToken.None);
        await PublishAsync();
        Assert.Equal(2, app.Shopify.Count("SetMetafields"));
        Assert.Contains("\"mode\":\"Off\"", app.Shopify.Asked.Last().Body.GetProperty("variables").GetProperty("metafields")[0].GetProperty("value").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_Shopify_refused_is_offered_again()
    {
        await app.InstallAsync();
        app.Shopify.Answers("SetMetafields", _ => new { data = new { metafieldsSet = new { metafields = (object?)null, userErrors = new[] { new { message = "no" } } } } });

        await PublishAsync();
        await PublishAsync();
        Assert.Equal(1, app.Shopify.Count("SetMetafields"));

        await DueNowAsync();
        await PublishAsync();
        Assert.Equal(2, app.Shopify.Count("SetMetafields"));
    }

    [Fact]
    public async Task A_throttled_shop_waits_as_long_as_Shopify_says_and_keeps_no_other_from_its_turn()
    {
        await app.InstallAsync();
        await app.InstallAsync("other.myshopify.com");
        var throttled = true;
        app.Shopify.Answers("SetMetafields", _ => throttled && app.Shopify.Count("SetMetafields") == 1
            ? new { errors = new[] { new { message = "Throttled", extensions = new { code = "THROTTLED" } } }, extensions = new { cost = new { requestedQueryCost = 110, throttleStatus = new { currentlyAvailable = 10, restoreRate = 2.0 } } } }
            : Accepted);

        await PublishAsync();
        Assert.Equal(2, app.Shopify.Count("SetMetafields"));
        var waiting = await app.QueryAsync(db => db.Outbox.SingleAsync());
        Assert.Equal(("Throttled", 1), (waiting.Trouble, waiting.Attempts));
        Assert.InRange(waiting.DueAt - GuardApp.Now, TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(51));

        throttled = false;
        await DueNowAsync();
        await PublishAsync();
        Assert.Equal(3, app.Shopify.Count("SetMetafields"));
        Assert.Empty(await app.QueryAsync(db => db.Outbox.ToListAsync()));
    }

    [Fact]
    public async Task What_was_sent_and_never_confirmed_is_sent_again_with_the_newest_state()
    {
        await app.InstallAsync();
        app.Shopify.Answers("SetMetafields", _ => Results.StatusCode(502));
        await PublishAsync();
        await app.Services.GetRequiredService<ShopifyLlmGuard.Flags.FlagBoard>().SetAsync(GuardApp.Shop, "chat", false, "test", "off", CancellationToken.None);
        app.Shopify.Answers("SetMetafields", _ => Accepted);
        await DueNowAsync();
        await PublishAsync();

        Assert.Equal(2, app.Shopify.Count("SetMetafields"));
        Assert.Contains("\"mode\":\"Off\"", app.Shopify.Asked.Last().Body.GetProperty("variables").GetProperty("metafields")[0].GetProperty("value").GetString(), StringComparison.Ordinal);
        Assert.Empty(await app.QueryAsync(db => db.Outbox.ToListAsync()));
    }

    [Fact]
    public async Task A_shop_with_very_many_products_goes_out_in_batches()
    {
        await app.InstallAsync();
        await Catalog.UpsertAsync(GuardApp.Shop, [.. Enumerable.Range(1, 60).Select(id => AdminProduct.Read(System.Text.Json.JsonSerializer.SerializeToElement(InboxRoundTests.Product(id, $"Thermometer {id}", GuardApp.Now.AddHours(-1)))))]);
        await app.RunAsync<CatalogRound>(round => round.RunAsync(CancellationToken.None));
        app.Shopify.Answers("SetMetafields", _ => Accepted);
        await PublishAsync();
        Assert.Equal([25, 25, 12], app.Shopify.Asked.Where(asked => asked.Name == "SetMetafields").Select(asked => asked.Body.GetProperty("variables").GetProperty("metafields").GetArrayLength()));
    }

    private static object Accepted { get; } = new { data = new { metafieldsSet = new { metafields = Array.Empty<object>(), userErrors = Array.Empty<object>() } } };

    private Task<int> DueNowAsync() => app.QueryAsync(db => db.Database.ExecuteSqlAsync($"UPDATE guard.outbox SET due_at = now()"));

    private ProductCatalog Catalog => app.Services.GetRequiredService<ProductCatalog>();

    private static (string?, string?, string?) Of(ShopProfile? profile) => (profile?.Name, profile?.Currency, profile?.AppInstallationId);

    private static object Page(string? next, params object[] nodes) => new { data = new { products = new { nodes, pageInfo = new { hasNextPage = next is not null, endCursor = next } } } };

    private async Task<string?> TitleAsync(long id) => (await Catalog.FindAsync(GuardApp.Shop, id))?.Title;

    private Task PublishAsync() => app.RunAsync<PublishRound>(round => round.RunAsync(CancellationToken.None));

    private Task<AdminReply> AskAsync() => app.InScopeAsync(services =>
        services.GetRequiredService<ShopAdmin>().RunAsync(GuardApp.Shop, AdminDocument.Installation, null, CancellationToken.None));

    private Task<HttpResponseMessage> VisitAsync()
    {
        var request = new HttpRequestMessage(HttpMethod.Get, "/");
        request.Headers.Authorization = new("Bearer", Signed.IdToken(GuardApp.Shop, GuardApp.Now));
        return app.Client.SendAsync(request);
    }
}
