extern alias Simulator;

using System.Net;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Simulator::ShopifyLlmGuard.Simulator;
using Simulator::ShopifyLlmGuard.Simulator.Platform;
using Simulator::ShopifyLlmGuard.Simulator.Platform.Tokens;

namespace ShopifyLlmGuard.Tests.Simulator;

public class TokenTests
{
    private readonly FakeTimeProvider clock = new();
    private readonly TokenDesk desk;

    public TokenTests() => desk = new(Options.Create(new PlatformOptions()), new(Options.Create(new SimulatorOptions())), clock);

    [Fact]
    public void An_access_token_lives_for_an_hour()
    {
        var pair = desk.Exchange();
        clock.Advance(TimeSpan.FromSeconds(3599));
        Assert.True(desk.Accepts(pair.Access));
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.False(desk.Accepts(pair.Access));
    }

    [Fact]
    public void A_refresh_gives_two_new_tokens_and_the_older_access_token_lives_on()
    {
        var first = desk.Exchange();
        var second = desk.Refresh(first.Refresh)!;
        Assert.NotEqual(first.Refresh, second.Refresh);
        Assert.True(desk.Accepts(first.Access));
        Assert.True(desk.Accepts(second.Access));
    }

    [Fact]
    public void A_used_refresh_token_works_again_until_its_replacement_is_used()
    {
        var first = desk.Exchange();
        Assert.NotNull(desk.Refresh(first.Refresh));
        var replacement = desk.Refresh(first.Refresh)!;
        Assert.NotNull(desk.Refresh(replacement.Refresh));
        Assert.Null(desk.Refresh(first.Refresh));
    }

    [Fact]
    public void A_used_refresh_token_is_dead_thirty_days_after_its_first_use()
    {
        var first = desk.Exchange();
        Assert.NotNull(desk.Refresh(first.Refresh));
        clock.Advance(TimeSpan.FromDays(30));
        Assert.Null(desk.Refresh(first.Refresh));
    }

    [Fact]
    public void An_exchange_kills_every_older_refresh_token()
    {
        var first = desk.Exchange();
        var second = desk.Refresh(first.Refresh)!;
        desk.Exchange();
        Assert.Null(desk.Refresh(first.Refresh));
        Assert.Null(desk.Refresh(second.Refresh));
    }

    [Fact]
    public void A_refresh_token_lives_for_ninety_days()
    {
        var pair = desk.Exchange();
        clock.Advance(TimeSpan.FromDays(90));
        Assert.Null(desk.Refresh(pair.Refresh));
    }

    [Fact]
    public async Task An_exchange_answers_what_Shopify_documents()
    {
        using var app = new SimulatorApp();
        var (status, body) = await app.AskForTokenAsync(app.ExchangeForm());
        Assert.Equal(200, status);
        Assert.Equal(3600, body.GetProperty("expires_in").GetInt32());
        Assert.Equal(7776000, body.GetProperty("refresh_token_expires_in").GetInt32());
        Assert.StartsWith("shprt_", body.GetProperty("refresh_token").GetString(), StringComparison.Ordinal);
        Assert.Contains("read_products", body.GetProperty("scope").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_form_body_is_as_good_as_JSON()
    {
        using var app = new SimulatorApp();
        using var form = new FormUrlEncodedContent(app.ExchangeForm());
        using var answer = await app.CreateClient().PostAsync("/admin/oauth/access_token", form);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Theory]
    [InlineData("client_secret", "wrong", "invalid_client")]
    [InlineData("client_id", "another-app", "invalid_client")]
    [InlineData("subject_token", "not a token", "invalid_subject_token")]
    [InlineData("expiring", "0", "invalid_request")]
    [InlineData("grant_type", "password", "unsupported_grant_type")]
    public async Task A_spoiled_field_gets_the_documented_error(string field, string value, string error)
    {
        using var app = new SimulatorApp();
        var form = app.ExchangeForm();
        form[field] = value;
        var (status, body) = await app.AskForTokenAsync(form);
        Assert.Equal(400, status);
        Assert.Equal(error, body.GetProperty("error").GetString());
    }

    [Fact]
    public async Task A_stale_ID_token_cannot_be_exchanged()
    {
        using var app = new SimulatorApp();
        var form = app.ExchangeForm();
        app.Clock.Advance(TimeSpan.FromSeconds(71));
        Assert.Equal("invalid_subject_token", (await app.AskForTokenAsync(form)).Body.GetProperty("error").GetString());
    }

    [Fact]
    public async Task An_uninstalled_app_gets_no_token_until_a_merchant_opens_it_again()
    {
        using var app = new SimulatorApp();
        var pair = app.Get<TokenDesk>().Exchange();
        app.Get<Installation>().Uninstall();
        Assert.False(app.Get<TokenDesk>().Accepts(pair.Access));
        Assert.Equal("invalid_client", (await app.AskForTokenAsync(app.ExchangeForm())).Body.GetProperty("error").GetString());

        using var page = await app.CreateClient().GetAsync("/admin/apps/llm-guard/");
        Assert.Equal(200, (await app.AskForTokenAsync(app.ExchangeForm())).Status);
    }
}
