using ShopifyLlmGuard.Gateway;
using ShopifyLlmGuard.Server.Gateway;
using ShopifyLlmGuard.Tests.Faults;

namespace ShopifyLlmGuard.Tests.Gateway;

/// <summary>The operator's command line for keys.</summary>
public sealed class KeyDeskTests : IAsyncLifetime
{
    private GatewayApp app = null!;

    public async Task InitializeAsync() => app = await new GatewayApp(new FaultField()).StartAsync();

    public async Task DisposeAsync() => await app.DisposeAsync();

    [Fact]
    public async Task A_key_is_shown_once_listed_without_its_secret_and_revoked()
    {
        var (code, added) = await SayAsync("add", "Booking system", "--jurisdiction", "EU", "--jurisdiction", "CH", "--per-minute", "30", "--at-once", "2", "--days", "90");
        var secret = added.Split('\n')[0];
        await app.RefreshAsync();
        var key = app.Get<GatewayKeys>().Find(secret);
        Assert.Equal(0, code);
        Assert.Equal(["EU", "CH"], key!.Jurisdictions);
        Assert.Equal((30, 2), (key.PerMinute, key.AtOnce));

        var (_, listed) = await SayAsync("list");
        Assert.Contains($"{key.Id}  Booking system  EU,CH  30/min  2 at once", listed, StringComparison.Ordinal);
        Assert.DoesNotContain(secret, listed, StringComparison.Ordinal);

        Assert.Equal(0, (await SayAsync("revoke", key.Id)).Code);
        Assert.Equal(1, (await SayAsync("revoke", key.Id)).Code);
        Assert.Contains("revoked", (await SayAsync("list")).Output, StringComparison.Ordinal);
        await app.RefreshAsync();
        Assert.Null(app.Get<GatewayKeys>().Find(secret));
    }

    [Theory]
    [InlineData("add")]
    [InlineData("add", "--jurisdiction", "EU")]
    [InlineData("add", "A", "--per-minute", "0")]
    [InlineData("add", "A", "--colour", "red")]
    [InlineData("remove", "A")]
    public async Task Words_that_it_does_not_know_get_the_usage_and_make_nothing(params string[] words)
    {
        var (code, output) = await SayAsync(words);

        Assert.Equal(2, code);
        Assert.Contains("keys add NAME", output, StringComparison.Ordinal);
        Assert.Empty(await app.Get<GatewayKeys>().ListAsync());
    }

    [Fact]
    public async Task A_key_cannot_have_more_calls_at_once_than_the_router_gives_one_caller()
    {
        var (code, output) = await SayAsync("add", "A", "--at-once", "5");

        Assert.Equal(2, code);
        Assert.Contains("one caller has 4 places at once (Llm:Bulkhead:PerShop)", output, StringComparison.Ordinal);
        Assert.Empty(await app.Get<GatewayKeys>().ListAsync());
        Assert.Equal(0, (await SayAsync("add", "A", "--at-once", "4")).Code);
    }

    private async Task<(int Code, string Output)> SayAsync(params string[] words)
    {
        using var output = new StringWriter { NewLine = "\n" };
        return (await app.Get<KeyDesk>().RunAsync(words, output), output.ToString());
    }
}
