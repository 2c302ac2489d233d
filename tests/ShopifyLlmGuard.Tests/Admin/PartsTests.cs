using Bunit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using ShopifyLlmGuard.Admin.Parts;
using ShopifyLlmGuard.Admin.Reading;
using ShopifyLlmGuard.Fallbacks;
using ShopifyLlmGuard.Flags;
using ShopifyLlmGuard.Health;
using ShopifyLlmGuard.Privacy;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Tests.Admin;

public class PartsTests : BunitContext
{
    private const string Shop = "carewell.myshopify.com";
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);
    private static readonly Feature Chat = Features.Find(Features.Chat)!;

    public PartsTests() => Services.AddSingleton<TimeProvider>(new FakeTimeProvider(Now));

    [Theory]
    [InlineData(Mode.Live, null, "Live", "success")]
    [InlineData(Mode.Fallback, Reasons.Degraded, "Fallback", "warning")]
    [InlineData(Mode.Fallback, Reasons.Pinned, "Fallback", "info")]
    [InlineData(Mode.Off, Reasons.FlagOff, "Off", "neutral")]
    public void The_badge_says_the_mode_in_words(Mode mode, string? reason, string text, string tone) =>
        Render<ModeBadge>(parameters => parameters.Add(badge => badge.Mode, mode).Add(badge => badge.Reason, reason))
            .MarkupMatches($"<s-badge tone=\"{tone}\">{text}</s-badge>");

    [Fact]
    public void A_moment_is_readable_by_people_and_by_the_script() =>
        Render<Moment>(parameters => parameters.Add(moment => moment.At, Now.AddMinutes(-3)))
            .MarkupMatches("<time datetime=\"2026-11-23T11:57:00Z\" data-moment>23 Nov 2026, 11:57 UTC (3 minutes ago)</time>");

    [Fact]
    public void A_privacy_request_is_listed_with_an_answer_to_hand_on()
    {
        var record = new PrivacyRecord { Shop = Shop, Kind = "customers/data_request", At = Now.AddMinutes(-3), Rows = 0 };
        var cells = Render<PrivacySection>(parameters => parameters.Add(section => section.Records, [record])).FindAll("s-table-body s-table-cell");
        Assert.Equal("A customer asked for their data", cells[0].TextContent);
        Assert.Equal("2026-11-23T11:57:00Z", cells[1].QuerySelector("time")!.GetAttribute("datetime"));
        Assert.Equal(
            "Shopify LLM Guard stores no conversations, no questions, no answers and no customer profiles. It holds no data about this customer.",
            cells[2].TextContent);
    }

    [Theory]
    [InlineData(true, "There has been no request yet.")]
    [InlineData(false, "because the guard's database is not answering")]
    public void Without_privacy_requests_the_page_says_why_there_are_none(bool answers, string words)
    {
        var section = Render<PrivacySection>(parameters => parameters.Add(part => part.Records, answers ? [] : null));
        Assert.Contains(words, section.Find("s-paragraph").TextContent);
        Assert.Empty(section.FindAll("s-table"));
    }

    [Fact]
    public void A_feature_in_trouble_says_why_and_since_when_and_what_shoppers_see()
    {
        var section = RenderFeature(new ServingState(
            Chat, true, Mode.Fallback, Reasons.NoEligibleEndpoint, "Endpoint local-1 refuses connections.", Now.AddMinutes(-20), null));
        Assert.Contains("No usable model is answering. Endpoint local-1 refuses connections.", section.Markup);
        Assert.Equal("2026-11-23T11:40:00Z", section.Find("time").GetAttribute("datetime"));
        Assert.Contains("Nothing is sent to a model.", section.Markup);
    }

    [Fact]
    public void A_feature_that_is_on_asks_before_it_is_switched_off()
    {
        var form = RenderFeature(new ServingState(Chat, true, Mode.Live, null, null, null, null)).Find("form:has([name='Switch.On'])");
        Assert.Equal("false", form.QuerySelector("[name='Switch.On']")!.GetAttribute("value"));
        Assert.NotNull(form.Closest("details:not([open])"));
        Assert.Contains("Checkout, login and booking are never affected.", form.Closest("details")!.TextContent);
    }

    [Fact]
    public void A_feature_that_is_off_is_switched_on_with_one_press()
    {
        var section = RenderFeature(new ServingState(Chat, false, Mode.Off, Reasons.FlagOff, null, null, null));
        Assert.Equal("true", section.Find("[name='Switch.On']").GetAttribute("value"));
        Assert.Empty(section.FindAll("details"));
    }

    [Fact]
    public void A_held_mode_says_who_holds_it_and_can_be_released()
    {
        var section = RenderFeature(Held(Shop, PinHolder.Human, "7", "<b>Testing</b>"));
        Assert.Contains("Held at Fallback by staff member 7", section.Find(".held").TextContent);
        Assert.Contains("<b>Testing</b>", section.Find(".held").TextContent);
        Assert.NotNull(section.Find("form [name='Release.Pin']"));
        Assert.Empty(section.FindAll("[name='Pin.Mode']"));
    }

    [Fact]
    public void An_operators_hold_on_every_shop_is_not_the_merchants_to_release()
    {
        var section = RenderFeature(Held(null, PinHolder.Incident, "inc-9", "Model poisoned"));
        Assert.Contains("an incident (inc-9)", section.Find(".held").TextContent);
        Assert.Empty(section.FindAll("[name='Release.Pin']"));
        Assert.Contains("only the operator", section.Markup);
    }

    [Fact]
    public void Every_form_posts_with_a_handler_through_an_enhanced_request()
    {
        ServingState[] states =
        [
            new(Chat, true, Mode.Live, null, null, null, null), new(Chat, false, Mode.Off, Reasons.FlagOff, null, null, null),
            Held(Shop, PinHolder.Human, "7", ""),
        ];
        Assert.All(states.SelectMany(state => RenderFeature(state).FindAll("form")), form =>
        {
            Assert.Equal("post", form.GetAttribute("method"));
            Assert.True(form.HasAttribute("data-enhance"));
            Assert.Equal("chat", form.QuerySelector("[name$='.Feature']")!.GetAttribute("value"));
            Assert.NotNull(form.QuerySelector("s-button[type='submit']"));
        });
    }

    [Fact]
    public void The_preview_shows_what_was_written_as_text()
    {
        var preview = Render<FallbackPreview>(parameters => parameters.Add(part => part.Content, new FallbackContent(
            "<script>alert(1)</script>", [new FaqEntry("<img src=x onerror=alert(1)>", "<b>A</b>")],
            new LinkText("<i>Contact</i>", "\" onmouseover=\"alert(1)"), new LinkText("Book", "javascript:alert(1)"))));
        Assert.Empty(preview.FindAll("script, img, b, i, a, [onmouseover]"));
        Assert.Contains("<script>alert(1)</script>", preview.Find(".shopper").TextContent);
        Assert.Equal("<img src=x onerror=alert(1)>", preview.Find("summary").TextContent);
    }

    [Theory]
    [InlineData(EndpointState.Up, Finding.Healthy, "Answers")]
    [InlineData(EndpointState.Up, Finding.Unknown, "Not known")]
    [InlineData(EndpointState.Up, Finding.Unhealthy, "Last check failed")]
    [InlineData(EndpointState.Degraded, Finding.Healthy, "Slow or failing")]
    [InlineData(EndpointState.Down, Finding.Healthy, "Does not answer")]
    public void An_endpoint_says_how_it_does_and_when_it_was_last_checked(EndpointState state, Finding finding, string words)
    {
        var section = RenderEndpoints(state, finding: finding, probes: new Dictionary<string, LastProbe> { ["local-1"] = new(Now.AddSeconds(-90), false, 3, "refused") });
        Assert.Equal(words, section.Find("s-badge").TextContent);
        Assert.Contains("Last check failed", section.Markup);
        Assert.Equal("2026-11-23T11:58:30Z", section.Find("time").GetAttribute("datetime"));
    }

    [Fact]
    public void An_endpoint_whose_checks_are_unknown_does_not_pretend()
    {
        Assert.Contains("Not checked yet.", RenderEndpoints(EndpointState.Up, new Dictionary<string, LastProbe>()).Markup);
        Assert.Contains("cannot be shown", RenderEndpoints(EndpointState.Up, null).Markup);
    }

    [Fact]
    public void A_check_that_is_wrong_itself_says_so()
    {
        var probe = new LastProbe(Now, Good: false, 3, "the probe was refused (401); check the endpoint's key", IsOwnFault: true);
        var words = RenderEndpoints(EndpointState.Up, new Dictionary<string, LastProbe> { ["local-1"] = probe }).Markup;
        Assert.Contains("Last check was not possible", words);
        Assert.Contains("refused (401)", words);
    }

    [Fact]
    public void A_demo_model_is_called_one()
    {
        Assert.Contains("demo model", RenderEndpoints(EndpointState.Up, null, isDemo: true).Markup);
        Assert.DoesNotContain("demo model", RenderEndpoints(EndpointState.Up, null).Markup);
    }

    [Fact]
    public void Changes_that_are_none_and_changes_that_are_unknown_read_differently()
    {
        var none = Render<ChangesSection>(parameters => parameters.Add(part => part.Changes, [])).Markup;
        var unknown = Render<ChangesSection>(parameters => parameters.Add(part => part.Changes, null)).Markup;
        Assert.Contains("Nothing has changed yet", none);
        Assert.Contains("database is not answering", unknown);
    }

    [Fact]
    public void The_theme_section_links_to_the_very_place_in_the_theme_editor()
    {
        var links = Render<ThemeSection>(parameters => parameters.Add(part => part.ClientId, "client-id-123").Add(part => part.Shop, Shop))
            .FindAll("s-link").Select(link => link.GetAttribute("href"));
        Assert.Equal(
            [
                $"https://{Shop}/admin/themes/current/editor?context=apps&template=product&activateAppId=client-id-123/chat",
                $"https://{Shop}/admin/themes/current/editor?template=product&addAppBlockId=client-id-123/recommendations&target=newAppsSection",
            ], links);
    }

    private static ServingState Held(string? shop, PinHolder holder, string actor, string reason) => new(
        Chat, true, Mode.Fallback, Reasons.Pinned, null, Now,
        new Pin(Guid.NewGuid(), shop, Chat.Key, Mode.Fallback, holder, actor, reason, Now.AddHours(-1), Now.AddHours(1)));

    private IRenderedComponent<FeatureSection> RenderFeature(ServingState state) => Render<FeatureSection>(parameters => parameters
        .Add(section => section.State, state).Add(section => section.Shop, Shop).Add(section => section.Self, "42"));

    private IRenderedComponent<EndpointsSection> RenderEndpoints(
        EndpointState state, IReadOnlyDictionary<string, LastProbe>? probes, bool isDemo = false, Finding finding = Finding.Unknown) => Render<EndpointsSection>(parameters => parameters
            .Add(section => section.Endpoints, [new EndpointHealth("local-1", "eu-local", "EU", state, null, null) { Finding = finding }])
            .Add(section => section.Probes, probes).Add(section => section.IsDemoModel, isDemo));
}
