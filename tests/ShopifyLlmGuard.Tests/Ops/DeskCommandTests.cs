using Microsoft.EntityFrameworkCore;
using ShopifyLlmGuard.Llm.Endpoints;
using ShopifyLlmGuard.Server.Ops.Desks;
using ShopifyLlmGuard.Tests.Faults;
using ShopifyLlmGuard.Tests.Gateway;

namespace ShopifyLlmGuard.Tests.Ops;

/// <summary>The command lines for endpoints and for the evidence.</summary>
public sealed class DeskCommandTests : IAsyncLifetime
{
    private readonly FaultField field = new(new FaultTimes { BetweenTokens = TimeSpan.FromMilliseconds(1) });
    private GatewayApp app = null!;

    public async Task InitializeAsync()
    {
        field.Add(new("T", "all is well", "ok"), "EU");
        app = await new GatewayApp(field).StartAsync();
    }

    public async Task DisposeAsync() => await app.DisposeAsync();

    [Fact]
    public async Task An_endpoint_is_put_changed_and_removed_and_its_key_is_shown_nowhere()
    {
        Environment.SetEnvironmentVariable("DESK_TEST_KEY", "a-secret-key");
        var (code, said) = await EndpointsAsync("put", "fra-1", "--url", "http://127.0.0.1:9", "--region", "eu-central", "--reason", "a new host");
        Assert.Equal((1, true, true), (code, said.Contains("Jurisdiction is missing.", StringComparison.Ordinal), said.Contains("Model is missing.", StringComparison.Ordinal)));

        Assert.Equal(0, (await EndpointsAsync(
            "put", "fra-1", "--url", "http://127.0.0.1:9", "--region", "eu-central", "--jurisdiction", "EU", "--model", "m", "--attested-until", "2099-01-31",
            "--key-from", "DESK_TEST_KEY", "--reason", "a new host")).Code);
        Assert.Equal(0, (await EndpointsAsync("put", "fra-1", "--weight", "2.5", "--enabled", "no", "--reason", "too slow")).Code);
        var described = app.Get<EndpointList>().Described.Single(endpoint => endpoint.Id == "fra-1");
        Assert.Equal(("eu-central", "a-secret-key", 2.5, false), (described.Region, described.ApiKey, described.Weight, described.Enabled));

        var listed = (await EndpointsAsync("list")).Output;
        Assert.Contains("fra-1  http://127.0.0.1:9  m  eu-central  EU  attested until 2099-01-31  not in service  table", listed, StringComparison.Ordinal);
        Assert.Contains("too slow", listed, StringComparison.Ordinal);
        Assert.Contains("EU-1  ", listed, StringComparison.Ordinal);
        Assert.DoesNotContain("a-secret-key", listed, StringComparison.Ordinal);

        Assert.Equal(0, (await EndpointsAsync("remove", "fra-1", "--reason", "gone")).Code);
        Assert.Equal(1, (await EndpointsAsync("remove", "fra-1", "--reason", "gone")).Code);
        Assert.DoesNotContain("fra-1", (await EndpointsAsync("list")).Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("put", "fra-1", "--url", "http://127.0.0.1:9")]
    [InlineData("put", "fra-1", "--weight", "many", "--reason", "x")]
    [InlineData("put", "fra-1", "--key-from", "NO_SUCH_VARIABLE", "--reason", "x")]
    [InlineData("remove", "fra-1")]
    public async Task Words_that_it_does_not_know_get_the_usage_and_change_nothing(params string[] words)
    {
        var (code, output) = await EndpointsAsync(words);
        Assert.Equal(2, code);
        Assert.Contains("endpoints put ID", output, StringComparison.Ordinal);
        Assert.DoesNotContain(app.Get<EndpointList>().Described, endpoint => endpoint.Id == "fra-1");
    }

    [Fact]
    public async Task Evidence_is_verified_and_a_chain_that_is_gone_is_found_with_a_receipt()
    {
        await new FaultCaller(app.Client).AskAsync(
            $"{app.Url}/v1/chat/completions", "EU", false, new Dictionary<string, string> { ["Authorization"] = $"Bearer {await app.KeyAsync("EU")}" }, CancellationToken.None);
        await Guard.UntilAsync(() => app.App.QueryAsync(db => Task.FromResult(db.Attempts.Count())).GetAwaiter().GetResult() == 1, "the record is stored");
        var file = Path.Combine(app.App.DataDirectory, "receipts");
        await File.WriteAllTextAsync(file, (await EvidenceAsync("receipts")).Output);
        var (code, said) = await EvidenceAsync("verify", "--receipts", file);
        Assert.Equal((0, "1 records in 1 chains: sound.\n"), (code, said));
        Assert.Contains("0 records in 0 chains: sound.", (await EvidenceAsync("verify", "--shop", "nobody")).Output, StringComparison.Ordinal);

        await app.App.QueryAsync(async db => await db.Attempts.ExecuteDeleteAsync() + await db.EvidenceHeads.ExecuteDeleteAsync());
        Assert.Contains("deleted together with its head", (await EvidenceAsync("verify")).Output, StringComparison.Ordinal);
        (code, said) = await EvidenceAsync("verify", "--receipts", file);
        Assert.Equal((1, true), (code, said.StartsWith("chain-missing", StringComparison.Ordinal)));
        Assert.Equal(2, (await EvidenceAsync("verify", "--receipts", "/no/such/file")).Code);
        Assert.Equal(2, (await EvidenceAsync("burn")).Code);
    }

    private Task<(int Code, string Output)> EndpointsAsync(params string[] words) => SayAsync(output => app.Get<EndpointCommand>().RunAsync(words, output));

    private Task<(int Code, string Output)> EvidenceAsync(params string[] words) => SayAsync(output => app.Get<EvidenceCommand>().RunAsync(words, output));

    private static async Task<(int Code, string Output)> SayAsync(Func<TextWriter, Task<int>> run)
    {
        using var output = new StringWriter { NewLine = "\n" };
        return (await run(output), output.ToString());
    }
}
