using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Tests.Ops;

/// <summary>The bypass by signed message: a sender of this file's own, so that the format is pinned.</summary>
public sealed class BypassDoorTests : IAsyncLifetime
{
    public const string Secret = "a-secret-of-the-operators-with-32-characters";
    public const string NextSecret = "the-next-secret-while-both-are-in-use-here";
    private const string On = """{"on":true,"reason":"The model talks nonsense","author":"Ada","surprise":1}""";
    private const string Off = """{"on":false,"reason":"It is mended","author":"Ada"}""";
    private readonly GuardApp app = Operated();

    public Task InitializeAsync() => app.InitializeAsync();

    public Task DisposeAsync() => ((IAsyncLifetime)app).DisposeAsync();

    [Fact]
    public async Task A_signed_message_switches_everything_to_prepared_content_and_another_switches_back()
    {
        await app.InstallAsync();
        Assert.Equal(HttpStatusCode.OK, await SendAsync(app, On));
        Assert.Equal("bypass", (await app.ProxyAsync(HttpMethod.Post, "chat", new { message = "Hello" })).Headers.GetValues("X-Guard-Reason").Single());
        Assert.Equal(HttpStatusCode.OK, await SendAsync(app, Off, NextSecret));
        Assert.NotEqual("bypass", (await app.ProxyAsync(HttpMethod.Post, "chat", new { message = "Hello" })).Headers.GetValues("X-Guard-Reason").Single());
        await Guard.UntilAsync(() => Bypass(app).Pending.Count == 0, "both decisions are stored");
        Assert.Equal([(true, "Ada", "The model talks nonsense"), (false, "Ada", "It is mended")],
            (await app.QueryAsync(db => db.BypassDecisions.OrderBy(row => row.At).ToListAsync())).Select(row => (row.On, row.Author, row.Reason)));
    }

    [Fact]
    public async Task A_message_that_is_played_again_changes_nothing()
    {
        var timestamp = Timestamp();
        Assert.Equal(HttpStatusCode.OK, await SendAsync(app, On, timestamp: timestamp));
        Assert.Equal(HttpStatusCode.OK, await SendAsync(app, On, timestamp: timestamp));
        Assert.Equal(HttpStatusCode.OK, await SendAsync(app, Off));
        Assert.Equal(HttpStatusCode.Conflict, await SendAsync(app, On, timestamp: timestamp));
        Assert.False(Bypass(app).IsOn);
    }

    [Theory]
    [InlineData("wrong secret")]
    [InlineData("no signature")]
    [InlineData("another body")]
    [InlineData("too old")]
    [InlineData("too far ahead")]
    [InlineData("not a time")]
    [InlineData("signature without the time")]
    [InlineData("twice")]
    public async Task What_is_not_proven_gets_401_and_changes_nothing(string spoiled)
    {
        var before = await app.ContentAsync();
        var timestamp = spoiled switch { "too old" => Timestamp(-301), "too far ahead" => Timestamp(310), "not a time" => "now", _ => Timestamp() };
        var signature = spoiled switch
        {
            "wrong secret" => Sign(Secret + "!", timestamp, On),
            "no signature" => "",
            "another body" => Sign(Secret, timestamp, Off),
            "signature without the time" => Sign(Secret, "", On),
            _ => Sign(Secret, timestamp, On),
        };
        using var request = Request(On, timestamp, signature);
        if (spoiled == "twice")
        {
            request.Headers.TryAddWithoutValidation("X-Guard-Timestamp", timestamp);
        }

        Assert.Equal(HttpStatusCode.Unauthorized, (await app.Client.SendAsync(request)).StatusCode);
        Assert.False(Bypass(app).IsOn);
        Assert.Equal(before, await app.ContentAsync());
    }

    [Theory]
    [InlineData("""{"on":true}""", "A reason is needed")]
    [InlineData("""{"on":true,"reason":"x\u0000"}""", "without control characters")]
    [InlineData("""{"on":true,"reason":"x","author":"Ada\nCritical: forged"}""", "without control characters")]
    [InlineData("""{"reason":"x"}""", "must be a JSON object")]
    [InlineData("""[1]""", "must be a JSON object")]
    [InlineData("""{"on":true,"reason":"x","shop":"attacker.example"}""", "The shop must be like")]
    [InlineData("""{"on":true,"reason":"x","shop":"a.myshopify.com\n"}""", "The shop must be like")]
    [InlineData("""{"on":true,"reason":"x","shop":"\u0000.myshopify.com"}""", "The shop must be like")]
    [InlineData("""{"on":true,"reason":"x\ud800"}""", "must be a JSON object")]
    [InlineData("""{"on":true,"reason":"x","id":"\u001b"}""", "must be a JSON object")]
    [InlineData("""{"on":true,"reason":"x","way":"\u0007"}""", "must be a JSON object")]
    [InlineData("""{"on":true,"reason":"x","at":"2999-01-01T00:00:00Z"}""", "in the future")]
    [InlineData("""{"on":true,"reason":"x","way":"File"}""", "are no decisions")]
    public async Task A_proven_message_that_says_nothing_whole_gets_400_and_the_mistake(string body, string mistake)
    {
        using var response = await app.Client.SendAsync(Request(body, Timestamp()));
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains(mistake, await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Null(Bypass(app).Standing());
    }

    [Fact]
    public async Task A_body_over_the_limit_gets_413() => Assert.Equal(HttpStatusCode.RequestEntityTooLarge, await SendAsync(app, new string(' ', 17_000) + On));

    [Fact]
    public async Task Of_several_signatures_one_is_enough()
    {
        var timestamp = Timestamp();
        using var request = Request(On, timestamp, $"{Sign("gone", timestamp, On)},{Sign(NextSecret, timestamp, On)}");
        Assert.Equal(HttpStatusCode.OK, (await app.Client.SendAsync(request)).StatusCode);
    }

    [Fact]
    public async Task Without_a_database_one_server_tells_the_others_and_says_who_did_not_confirm()
    {
        const string away = "Host=127.0.0.1;Port=1;Username=guard;Database=guard;Timeout=1";
        await using var there = Operated().With("ConnectionStrings:Guard", away).With("Guard:WaitForDatabaseAtStart", "00:00:00");
        await there.InitializeAsync();
        await using var here = Operated().With("ConnectionStrings:Guard", away).With("Guard:WaitForDatabaseAtStart", "00:00:00")
            .With("Guard:Servers:0", there.Client.BaseAddress!.ToString()).With("Guard:Servers:1", "http://127.0.0.1:1/");
        await here.InitializeAsync();
        using var response = await here.Client.SendAsync(Request(On, Timestamp()));
        Assert.True(Bypass(here).IsOn && Bypass(there).IsOn);
        var said = await response.Content.ReadAsStringAsync();
        Assert.Contains("\"confirmed\":true", said, StringComparison.Ordinal);
        Assert.Contains("\"confirmed\":false", said, StringComparison.Ordinal);
        Assert.Equal("bypass", (await there.ProxyAsync(HttpMethod.Post, "chat", new { message = "Hello" })).Headers.GetValues("X-Guard-Reason").Single());
    }

    [Fact]
    public async Task A_server_that_could_not_be_reached_is_told_again_until_it_confirms()
    {
        const string away = "Host=127.0.0.1;Port=1;Username=guard;Database=guard;Timeout=1";
        await using var there = Operated().With("ConnectionStrings:Guard", away).With("Guard:WaitForDatabaseAtStart", "00:00:00");
        await there.InitializeAsync();
        await using var here = Operated().With("ConnectionStrings:Guard", away).With("Guard:WaitForDatabaseAtStart", "00:00:00")
            .With("Guard:Servers:0", there.Client.BaseAddress!.ToString());
        await here.InitializeAsync();
        // As a message that was lost on its way: taken here, and nobody was told.
        Bypass(here).Take(ShopifyLlmGuard.Serving.Bypassing.BypassDecision.Make(
            true, null, ShopifyLlmGuard.Serving.Bypassing.BypassWay.Webhook, "Ada", "a test", TimeProvider.System), fromPeer: true);
        await Guard.UntilAsync(() => Bypass(there).IsOn, "the other server hears of it");
    }

    [Fact]
    public async Task An_id_is_one_decision_and_a_second_one_under_it_gets_409_in_words()
    {
        var id = Guid.NewGuid();
        Assert.Equal(HttpStatusCode.OK, await SendAsync(app, $$"""{"id":"{{id}}","on":true,"reason":"one","author":"Ada"}"""));
        Assert.Equal(HttpStatusCode.OK, await SendAsync(app, $$"""{"id":"{{id}}","on":true,"reason":"one","author":"Ada"}""", timestamp: Timestamp(1)));
        foreach (var other in new[] { "\"on\":false,\"reason\":\"one\"", "\"on\":true,\"reason\":\"two\"", $"\"on\":true,\"reason\":\"one\",\"shop\":\"{GuardApp.Shop}\"" })
        {
            using var response = await app.Client.SendAsync(Request($$"""{"id":"{{id}}",{{other}},"author":"Ada"}""", Timestamp(2)));
            Assert.Equal(HttpStatusCode.Conflict, response.StatusCode);
            Assert.Contains("is another decision", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        Assert.Equal("one", Bypass(app).Standing()!.Reason);
        Assert.Null(Bypass(app).Standing(GuardApp.Shop));
    }

    [Theory]
    [InlineData(4, HttpStatusCode.OK)]
    [InlineData(6, HttpStatusCode.BadRequest)]
    public async Task A_decision_of_a_fast_clock_is_refused_or_outdated_by_the_next_message(int minutesAhead, HttpStatusCode status)
    {
        await using var patient = Operated().With("Bypass:Window", "00:15:00");
        await patient.InitializeAsync();
        var earlier = Timestamp();
        Assert.Equal(HttpStatusCode.OK, await SendAsync(patient, Off, timestamp: earlier));
        Assert.Equal(status, await SendAsync(patient, $$"""{"on":true,"reason":"x","at":"{{GuardApp.Now.AddMinutes(minutesAhead):O}}"}"""));
        Assert.Equal(status == HttpStatusCode.OK, Bypass(patient).IsOn);

        Assert.Equal(HttpStatusCode.OK, await SendAsync(patient, Off));
        Assert.False(Bypass(patient).IsOn);
        Assert.Equal(HttpStatusCode.Conflict, await SendAsync(patient, Off, timestamp: earlier));
        await Guard.UntilAsync(() => Bypass(patient).Pending.Count == 0, "all are stored");
        Assert.False((await patient.QueryAsync(db => db.BypassDecisions.OrderByDescending(row => row.At).ThenByDescending(row => row.Id).FirstAsync())).On);
    }

    [Fact]
    public async Task While_secrets_change_a_server_that_knows_only_the_old_one_is_told_too()
    {
        const string away = "Host=127.0.0.1;Port=1;Username=guard;Database=guard;Timeout=1";
        await using var there = new GuardApp().With("Bypass:Secrets:0", Secret).With("Shopify:TokenKey", Convert.ToBase64String(Enumerable.Repeat((byte)7, 32).ToArray()))
            .With("ConnectionStrings:Guard", away).With("Guard:WaitForDatabaseAtStart", "00:00:00");
        await there.InitializeAsync();
        await using var here = new GuardApp().With("Bypass:Secrets:0", NextSecret).With("Bypass:Secrets:1", Secret)
            .With("ConnectionStrings:Guard", away).With("Guard:WaitForDatabaseAtStart", "00:00:00").With("Guard:Servers:0", there.Client.BaseAddress!.ToString());
        await here.InitializeAsync();
        Assert.Equal(HttpStatusCode.OK, await SendAsync(here, On, NextSecret));
        Assert.True(Bypass(there).IsOn);
    }

    [Fact]
    public async Task A_flood_of_forgeries_is_told_less_and_keeps_no_signed_message_out()
    {
        await using var flooded = Operated().With("OpsLimits:RefusalsPerMinute", "3").With("OpsLimits:DeliveriesPerMinute", "1");
        await flooded.InitializeAsync();
        List<HttpStatusCode> answers = [];
        for (var call = 0; call < 10; call++)
        {
            answers.Add(await SendAsync(flooded, On, "not-the-secret-of-anybody-who-may-do-it"));
        }

        Assert.Equal(HttpStatusCode.Unauthorized, answers[0]);
        Assert.Equal(HttpStatusCode.TooManyRequests, answers[^1]);
        Assert.InRange(flooded.Logs.All.Count(line => line.Contains("Refused a message", StringComparison.Ordinal)), 3, 5);
        Assert.Equal(HttpStatusCode.OK, await SendAsync(flooded, On));
        Assert.Equal(HttpStatusCode.OK, await SendAsync(flooded, Off));
    }

    internal static GuardApp Operated() => new GuardApp().With("Bypass:Secrets:0", Secret).With("Bypass:Secrets:1", NextSecret);

    internal static Bypass Bypass(GuardApp app) => app.Services.GetRequiredService<Bypass>();

    private static string Timestamp(int seconds = 0) =>
        (((GuardApp.Now - DateTimeOffset.UnixEpoch).TotalMilliseconds / 1000) + seconds).ToString("0.000", System.Globalization.CultureInfo.InvariantCulture);

    private static string Sign(string secret, string timestamp, string body) =>
        $"v1={Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes($"{timestamp}.{body}")))}";

    private static HttpRequestMessage Request(string body, string timestamp, string? signature = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/ops/bypass") { Content = new StringContent(body) };
        request.Headers.TryAddWithoutValidation("X-Guard-Timestamp", timestamp);
        request.Headers.TryAddWithoutValidation("X-Guard-Signature", signature ?? Sign(Secret, timestamp, body));
        return request;
    }

    private static async Task<HttpStatusCode> SendAsync(GuardApp app, string body, string secret = Secret, string? timestamp = null)
    {
        timestamp ??= Timestamp();
        using var request = Request(body, timestamp, Sign(secret, timestamp, body));
        using var response = await app.Client.SendAsync(request);
        return response.StatusCode;
    }
}
