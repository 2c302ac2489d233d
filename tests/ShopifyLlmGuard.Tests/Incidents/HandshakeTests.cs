using System.Net;

namespace ShopifyLlmGuard.Tests.Incidents;

/// <summary>How a sender of CloudEvents asks whether it may send.</summary>
public sealed class HandshakeTests : IAsyncLifetime
{
    private readonly GuardApp app = new GuardApp().Configured().With("Incidents:Sources:cloudevents:Origins:0", "events.example");

    public Task InitializeAsync() => app.InitializeAsync();

    public Task DisposeAsync() => ((IAsyncLifetime)app).DisposeAsync();

    [Theory]
    [InlineData("events.example", "120", "events.example", "120")]
    [InlineData("events.example", null, "events.example", "600")]
    [InlineData("events.example", "100000", "events.example", "600")]
    [InlineData("elsewhere.example", "120", null, null)]
    [InlineData(null, null, null, null)]
    public async Task A_sender_that_may_send_is_told_so(string? origin, string? rate, string? allowed, string? allowedRate)
    {
        using var request = new HttpRequestMessage(HttpMethod.Options, "/ops/incidents/cloudevents");
        request.Headers.TryAddWithoutValidation("WebHook-Request-Origin", origin);
        request.Headers.TryAddWithoutValidation("WebHook-Request-Rate", rate);

        var response = await app.Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(["POST"], response.Content.Headers.Allow);
        Assert.Equal(allowed, response.Headers.TryGetValues("WebHook-Allowed-Origin", out var origins) ? origins.Single() : null);
        Assert.Equal(allowedRate, response.Headers.TryGetValues("WebHook-Allowed-Rate", out var rates) ? rates.Single() : null);
    }

    [Fact]
    public async Task Elsewhere_OPTIONS_is_the_preflight_that_it_was()
    {
        using var request = new HttpRequestMessage(HttpMethod.Options, "/");

        Assert.Equal(HttpStatusCode.NoContent, (await app.Client.SendAsync(request)).StatusCode);
    }
}
