extern alias Simulator;

using Microsoft.AspNetCore.Http;
using Simulator::ShopifyLlmGuard.Simulator.Platform.Tokens;

namespace ShopifyLlmGuard.Tests.Simulator;

/// <summary>The admin frame and its App Bridge in a real browser, around an app of a few lines.</summary>
public class FrameTests
{
    private const string Bearer = "Bearer ";

    [Fact]
    public async Task Fetch_carries_a_fresh_token_and_is_tried_again_once_when_the_app_asks_for_it()
    {
        const string Script = "fetch('/api/data', { method: 'POST', body: 'kept' }).then((answer) => fetch(`/api/given-up-with-${answer.status}`))";
        await using var frame = await OpenAsync("/", Script, (arrival, response) =>
        {
            if (arrival.Path == "/api/data")
            {
                response.StatusCode = 401;
                response.Headers["X-Shopify-Retry-Invalid-Session-Request"] = "1";
            }
        });

        // The page has its answer, so no further try can be under way.
        await frame.Guard.SeesAsync(arrival => arrival.Path == "/api/given-up-with-401");
        var tries = frame.Guard.Arrivals.Where(arrival => arrival.Path == "/api/data").ToList();
        Assert.Equal(2, tries.Count);
        Assert.All(tries, arrival => Assert.Null(frame.Tokens.Refuse(TokenOf(arrival))));
        Assert.All(tries, arrival => Assert.Equal("kept"u8.ToArray(), arrival.Body));
        Assert.NotEqual(TokenOf(tries[0]), TokenOf(tries[1]));
    }

    [Fact]
    public async Task Requests_that_the_browser_or_the_original_leaves_bare_stay_bare()
    {
        await using var frame = await OpenAsync(
            "/",
            """
            fetch('/api/no-cors', { mode: 'no-cors' });
            const old = new XMLHttpRequest(); old.open('GET', '/api/xhr'); old.send();
            """);
        var plain = await frame.Guard.SeesAsync(arrival => arrival.Path == "/api/no-cors");
        var old = await frame.Guard.SeesAsync(arrival => arrival.Path == "/api/xhr");
        Assert.False(plain.Headers.ContainsKey("Authorization"));
        Assert.False(old.Headers.ContainsKey("Authorization"));
    }

    [Fact]
    public async Task A_full_page_load_without_a_token_comes_back_through_the_bounce_page_with_one()
    {
        await using var frame = await OpenAsync(
            "/", "if (location.pathname === '/') location.href = '/next?shop=carewell.myshopify.com'; else fetch('/api/arrived');");
        var bounced = await frame.Guard.SeesAsync(arrival => arrival.Path == "/next" && arrival.Headers.ContainsKey("X-Shopify-Bounce"));
        Assert.Null(frame.Tokens.Refuse(TokenOf(bounced)));
        await frame.Guard.SeesAsync(arrival => arrival.Path == "/api/arrived");
    }

    [Fact]
    public async Task The_first_document_is_signed_and_carries_a_token_in_its_address()
    {
        await using var frame = await OpenAsync("/deep/page?tab=2", "");
        var document = await frame.Guard.SeesAsync(arrival => arrival.Path == "/deep/page");
        Assert.Null(frame.Tokens.Refuse(document.Query["id_token"]));
        Assert.Equal("1", document.Query["embedded"]);
        Assert.Equal("2", document.Query["tab"]);
        Assert.Equal(64, document.Query["hmac"].ToString().Length);
    }

    [Fact]
    public async Task Fields_post_with_their_form_under_their_names()
    {
        await using var frame = await OpenAsync(
            "/",
            """
            document.body.insertAdjacentHTML('beforeend', `<form><s-text-field label="A" name="greeting" value="Hello"></s-text-field>
              <s-switch label="B" name="chat" checked></s-switch><s-checkbox label="C" name="off"></s-checkbox>
              <s-select label="D" name="mode" value="live"><s-option value="live">Live</s-option><s-option value="off">Off</s-option></s-select>
              <s-choice-list label="E" name="pin"><s-choice value="none">No</s-choice><s-choice value="fallback" selected>Yes</s-choice></s-choice-list>
              <s-button type="submit">Save</s-button></form>`);
            const form = document.querySelector('form');
            form.addEventListener('submit', (event) => {
              event.preventDefault();
              fetch('/api/form', { method: 'POST', body: new URLSearchParams(new FormData(form)) });
            });
            document.querySelector('s-text-field').value = 'Good day';
            document.querySelector('s-button').shadowRoot.querySelector('button').click();
            """);
        var posted = await frame.Guard.SeesAsync(arrival => arrival.Path == "/api/form");
        Assert.Equal("greeting=Good+day&chat=on&mode=live&pin=fallback", System.Text.Encoding.UTF8.GetString(posted.Body));
    }

    [Fact]
    public async Task Every_stand_in_of_the_gallery_passes_its_own_checks()
    {
        using var app = new SimulatorApp();
        app.Listen();
        var dom = await Chromium.DumpAsync(new Uri(app.ClientOptions.BaseAddress, "/admin/simulator/polaris").AbsoluteUri);
        Assert.DoesNotContain("data-polaris-error", dom, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("<s-button inline-size='fill'>x</s-button>", "unknown attribute inline-size")]
    [InlineData("<s-button variant='huge'>x</s-button>", "is none of: auto, primary, secondary, tertiary")]
    [InlineData("<s-button disabled='false'>x</s-button>", "counts as true")]
    [InlineData("<s-buton>x</s-buton>", "there is no such component")]
    [InlineData("<s-page><s-text slot='asid'>x</s-text></s-page>", "has no slot")]
    [InlineData("<s-box padding='base huge'></s-box>", "is none of")]
    public async Task Wrong_markup_is_a_console_error(string markup, string complaint)
    {
        await using var frame = await OpenAsync(
            "/",
            $$"""
            console.error = (text) => fetch('/api/complaint', { method: 'POST', body: text });
            document.body.insertAdjacentHTML('beforeend', `{{markup}}`);
            """);
        var posted = await frame.Guard.SeesAsync(arrival => arrival.Path == "/api/complaint");
        Assert.Contains(complaint, System.Text.Encoding.UTF8.GetString(posted.Body), StringComparison.Ordinal);
    }

    private static string TokenOf(Arrival arrival) => arrival.Headers.Authorization.ToString()[Bearer.Length..];

    private static async Task<Frame> OpenAsync(string path, string script, Action<Arrival, HttpResponse>? special = null)
    {
        SimulatorApp? app = null;
        var guard = await FakeGuard.StartAsync((arrival, response) => AnswerAsync(arrival, response, app!.ClientOptions.BaseAddress, script, special));
        app = new SimulatorApp(("Simulator:AppUrl", guard.Url));
        app.Listen();
        return new(app, guard, Chromium.Visit(new Uri(app.ClientOptions.BaseAddress, $"/admin/apps/llm-guard{path}").AbsoluteUri));
    }

    private static Task AnswerAsync(Arrival arrival, HttpResponse response, Uri simulator, string script, Action<Arrival, HttpResponse>? special)
    {
        special?.Invoke(arrival, response);
        if (response.StatusCode != 200 || arrival.Path.StartsWith("/api/", StringComparison.Ordinal))
        {
            return Task.CompletedTask;
        }

        response.ContentType = "text/html; charset=utf-8";
        var bridge = $"<script data-api-key=\"{SimulatorApp.ClientId}\" src=\"{simulator}cdn/shopifycloud/app-bridge.js\"></script>";
        if (arrival.Path == "/bounce")
        {
            return response.WriteAsync($"<!doctype html><title>Loading</title>{bridge}");
        }

        if (!arrival.Query.ContainsKey("id_token") && !arrival.Headers.ContainsKey("Authorization"))
        {
            response.Redirect($"/bounce?shop={SimulatorApp.Shop}&shopify-reload={Uri.EscapeDataString(arrival.Path)}");
            return Task.CompletedTask;
        }

        return response.WriteAsync($$"""
            <!doctype html><html lang="en"><head><title>App</title><link rel="icon" href="data:,">{{bridge}}
            <script src="{{simulator}}cdn/shopifycloud/polaris.js"></script></head><body>
            <script>addEventListener('load', () => { {{script}} });</script></body></html>
            """);
    }

    private sealed record Frame(SimulatorApp App, FakeGuard Guard, Chromium.OpenPage Page) : IAsyncDisposable
    {
        public IdTokens Tokens => App.Get<IdTokens>();

        public async ValueTask DisposeAsync()
        {
            Page.Dispose();
            await App.DisposeAsync();
            await Guard.DisposeAsync();
        }
    }
}
