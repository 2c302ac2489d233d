using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using ShopifyLlmGuard.Tests.Faults;

namespace ShopifyLlmGuard.Tests.Gateway;

/// <summary>
/// A secret word in a prompt, and in everything that a model or a broken host says back, is in no log, metric, trace, table,
/// file or evidence record.
/// </summary>
public sealed class NoContentTests : IAsyncLifetime
{
    private const string Secret = "zebrafinch";
    private readonly FaultField field = new(new FaultTimes { BetweenTokens = TimeSpan.FromMilliseconds(1) });
    private readonly ConcurrentQueue<Activity> spans = new();
    private readonly ActivityListener listener;
    private GatewayApp app = null!;

    public NoContentTests()
    {
        listener = new ActivityListener
        {
            ShouldListenTo = _ => true,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Enqueue,
        };
    }

    public async Task InitializeAsync()
    {
        foreach (var kind in (string[])["echo", "echo-error", "echo-broken", "html", "s08"])
        {
            field.Add(new("T", kind, kind) { Secondary = kind }, kind);
        }

        field.Add(new("T", "the shop's own", "echo") { Secondary = "echo" }, "EU");
        app = new GatewayApp(field);
        app.App.With("Logging:LogLevel:Default", "Trace").With("Logging:LogLevel:Microsoft.AspNetCore", "Trace").With("Logging:LogLevel:Microsoft.EntityFrameworkCore", "Trace");
        await app.StartAsync();
        ActivitySource.AddActivityListener(listener);
    }

    public async Task DisposeAsync()
    {
        listener.Dispose();
        await app.DisposeAsync();
    }

    [Fact]
    public async Task A_secret_word_is_nowhere_but_in_the_answer()
    {
        foreach (var lane in field.Lanes.Where(lane => lane.Name != "EU"))
        {
            var key = await app.KeyAsync(lane.Jurisdiction);
            await AskAsync(key, streamed: false);
            await AskAsync(key, streamed: true);
        }

        await app.App.InstallAsync();
        using var chat = await app.App.ProxyAsync(HttpMethod.Post, "chat", new { message = $"Do you sell a {Secret} {Secret}?" });
        chat.EnsureSuccessStatusCode();
        using var malformed = await SendAsync(await app.KeyAsync("echo"), new StringContent($"{{\"model\":\"guard\",\"messages\":[{{\"role\":\"{Secret}\",\"content\":{Secret}"));
        Assert.Equal(400, (int)malformed.StatusCode);
        await WaitForRecordsAsync();

        Assert.Contains(field.Llm.Requests, seen => seen.Model.StartsWith("echo.echo", StringComparison.Ordinal));
        Assert.Contains(spans, span => span.OperationName.StartsWith("chat echo", StringComparison.Ordinal));
        Assert.DoesNotContain(app.App.Logs.All, line => line.Contains(Secret, StringComparison.OrdinalIgnoreCase));
        Assert.DoesNotContain(Secret, await app.Client.GetStringAsync(new Uri($"{app.Url}/metrics")), StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(spans.SelectMany(WordsOf), words => words.Contains(Secret, StringComparison.OrdinalIgnoreCase));
        Assert.False(await Tables.ContainAsync(app.Get<Npgsql.NpgsqlDataSource>(), Secret));
        Assert.DoesNotContain(
            Directory.EnumerateFiles(app.App.DataDirectory, "*", SearchOption.AllDirectories),
            file => File.ReadAllText(file).Contains(Secret, StringComparison.OrdinalIgnoreCase));
    }

    private static IEnumerable<string> WordsOf(Activity span) =>
    [
        span.DisplayName, span.StatusDescription ?? "", .. span.TagObjects.Select(tag => $"{tag.Key} {tag.Value}"),
        .. span.Events.Select(happened => happened.Name), .. span.Events.SelectMany(happened => happened.Tags.Select(tag => $"{tag.Value}")), .. span.Baggage.Select(item => $"{item.Value}"),
    ];

    private async Task AskAsync(string key, bool streamed)
    {
        using var response = await SendAsync(key, JsonContent.Create(new
        {
            model = "guard", stream = streamed, messages = new[] { new { role = "user", content = $"My {Secret} is ill.{FaultCaller.LaneMark}" } },
        }));
        await response.Content.ReadAsStringAsync();
    }

    private Task<HttpResponseMessage> SendAsync(string key, HttpContent body)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = body };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return app.Client.SendAsync(request);
    }

    private Task WaitForRecordsAsync() => Guard.UntilAsync(
        () => app.App.QueryAsync(db => Task.FromResult(db.Attempts.Count(attempt => attempt.Endpoint != null))).GetAwaiter().GetResult() >= field.Llm.Requests.Count,
        "every attempt has its record");
}
