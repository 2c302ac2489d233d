using System.Net;
using ShopifyLlmGuard.Flags;
using ShopifyLlmGuard.Incidents;

namespace ShopifyLlmGuard.Tests.Incidents;

/// <summary>The admin's download goes through the merchant's door.</summary>
public sealed class IncidentDownloadTests(GuardApp app) : IClassFixture<GuardApp>
{
    [Fact]
    public async Task A_merchant_downloads_its_own_incident_and_nobody_elses()
    {
        await app.InstallAsync();
        var desk = (IncidentDesk)app.Services.GetService(typeof(IncidentDesk))!;
        var (own, _) = await desk.OpenAsync([GuardApp.Shop], [Features.Chat], "A lost laptop", null, "42");
        var (foreign, _) = await desk.OpenAsync(["other.myshopify.com"], [Features.Chat], "Another one", null, "43");

        var answer = await FetchAsync($"/incidents/{own}/export/md");
        Assert.Equal((HttpStatusCode.OK, "text/markdown"), (answer.StatusCode, answer.Content.Headers.ContentType!.MediaType));
        Assert.Equal($"incident-{own}.md", answer.Content.Headers.ContentDisposition!.FileNameStar);
        Assert.StartsWith($"# Incident {own}: A lost laptop", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal("application/json", (await FetchAsync($"/incidents/{own}/export/json")).Content.Headers.ContentType!.MediaType);
        Assert.Equal(HttpStatusCode.NotFound, (await FetchAsync($"/incidents/{foreign}/export/md")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await FetchAsync($"/incidents/{own}/export/pdf")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await FetchAsync($"/incidents/{own}/export/md", "nonsense")).StatusCode);
    }

    private Task<HttpResponseMessage> FetchAsync(string path, string? token = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token ?? Signed.IdToken(GuardApp.Shop, GuardApp.Now)}");
        return app.Client.SendAsync(request);
    }
}
