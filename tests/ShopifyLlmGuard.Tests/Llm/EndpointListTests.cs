using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using ShopifyLlmGuard.Health;
using ShopifyLlmGuard.Llm;
using ShopifyLlmGuard.Llm.Endpoints;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Tests.Llm;

public sealed class EndpointListTests
{
    [Fact]
    public async Task The_table_adds_changes_and_removes_endpoints_on_every_server_without_a_restart()
    {
        await using var llm = await ScriptedLlm.StartAsync();
        await using var other = await ScriptedLlm.StartAsync();
        var database = PostgresCluster.Shared.NewDatabase();
        await using var one = await Guard.StartAsync(database);
        await using var two = await Guard.StartAsync(database);
        await one.InstallAsync(withProducts: false);
        var desk = one.Get<EndpointDesk>();
        Assert.Empty(await desk.SaveAsync(Described("eu-1", llm.Url) with { ApiKey = "a-secret-key" }, "ops", "first host"));
        await Guard.UntilAsync(() => Ids(two).SequenceEqual(["eu-1"]), "the other server hears of it");
        Assert.Equal("a-secret-key", two.Get<EndpointList>().Current[0].ApiKey);
        Assert.False(await Tables.ContainAsync(one, "a-secret-key"));
        Assert.Equal("eu-1", (await AskAsync(two)).Endpoint?.Id);

        await desk.SaveAsync(Described("eu-1", other.Url), "ops", "moved");
        await Guard.UntilAsync(() => two.Get<EndpointList>().Current[0].Url == other.Url, "the move is heard of");
        await AskAsync(two);
        Assert.Single(other.Requests);

        await desk.SaveAsync(Described("eu-1", other.Url) with { AttestedUntil = DateTimeOffset.UnixEpoch }, "ops", "the contract has ended");
        await Guard.UntilAsync(() => Decision(two).Reason == Reasons.NoEligibleEndpoint, "without a proof nothing is eligible");
        Assert.Equal(Reasons.NoEligibleEndpoint, (await AskAsync(two)).Reason);

        await desk.RemoveAsync("eu-1", "ops", "gone");
        await Guard.UntilAsync(() => Ids(two).Count == 0, "the removal is heard of");
    }

    [Fact]
    public async Task A_start_without_the_database_knows_the_endpoints_of_the_table()
    {
        var directory = Directory.CreateTempSubdirectory("guard-data-").FullName;
        var described = Described("eu-1", "http://127.0.0.1:9") with { ApiKey = "key", FirstToken = TimeSpan.FromSeconds(2), AttestedUntil = DateTimeOffset.MaxValue };
        await using (var before = await Guard.StartAsync(dataDirectory: directory))
        {
            await before.Get<EndpointDesk>().SaveAsync(described, "ops", "first host");
        }

        await using var guard = await Guard.StartAsync(
            "Host=127.0.0.1;Port=1;Username=x;Database=x", directory, settings: ("Guard:WaitForDatabaseAtStart", "00:00:00.1"));
        Assert.Equal([described], guard.Get<EndpointList>().Current);
        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public async Task A_start_with_a_faulty_row_brings_nothing_back_that_the_table_has_moved_or_disabled()
    {
        var database = PostgresCluster.Shared.NewDatabase();
        await using (var before = await Guard.StartAsync(database))
        {
            await using var db = before.Db();
            db.EndpointVersions.AddRange(
                Row(Described("fra-1", "http://127.0.0.1:9") with { Enabled = false }),
                Row(Described("fra-2", "http://127.0.0.1:9") with { Jurisdiction = "US" }),
                Row(Described("fra-3", "http://127.0.0.1:9") with { Weight = 0 }));
            await db.SaveChangesAsync();
        }

        await using var guard = await Guard.StartAsync(database, settings: [.. ((string[])["fra-1", "fra-2", "fra-3", "fra-4"]).SelectMany((id, index) =>
            File(id, "1").Where(pair => pair.Key.StartsWith("Llm:", StringComparison.Ordinal))
                .Select(pair => (pair.Key.Replace(":0:", $":{index}:", StringComparison.Ordinal), pair.Value)))]);
        Assert.Equal(
            [("fra-4", "EU"), ("fra-2", "US")], guard.Get<EndpointList>().Current.Select(endpoint => (endpoint.Id, endpoint.Jurisdiction)));
        Assert.Single(guard.Logs.All, line => line.Contains("'fra-3': Weight", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_description_with_mistakes_is_refused_with_all_of_them()
    {
        await using var guard = await Guard.StartAsync();
        var mistakes = await guard.Get<EndpointDesk>().SaveAsync(
            new LlmEndpoint { Id = "x", Url = "ftp://x", Weight = 0, Concurrency = 0, FirstToken = TimeSpan.Zero }, "ops", "typing");
        foreach (var field in (string[])["Url", "Region", "Jurisdiction", "Model", "Weight", "Concurrency", "FirstToken"])
        {
            Assert.Contains(mistakes, mistake => mistake.StartsWith(field, StringComparison.Ordinal));
        }

        Assert.Empty(Ids(guard));
    }

    [Fact]
    public async Task A_configuration_that_is_read_again_counts_and_one_with_mistakes_leaves_the_last_good_one()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(File("eu-1", "1")).Build();
        var services = new ServiceCollection().AddLogging().AddGuard(configuration);
        await using var provider = services.BuildServiceProvider();
        var lanes = provider.GetRequiredService<EndpointLanes>();
        var first = Assert.Single(lanes.All);

        Write(configuration, File("eu-1", "2"));
        var second = Assert.Single(lanes.All);
        Assert.Equal((2, false, true), (second.Endpoint.Weight, first.IsInService, second.IsInService));
        Assert.Same(first.Breaker, second.Breaker);

        Write(configuration, File("eu-1", "-2"));
        Assert.Same(second, Assert.Single(lanes.All));
        Write(configuration, File("eu-1", "many"));
        Assert.Same(second, Assert.Single(lanes.All));
        Write(configuration, File("eu-2", "1"));
        Assert.Equal("eu-2", Assert.Single(lanes.All).Endpoint.Id);
    }

    [Fact]
    public async Task Where_an_attestation_is_required_an_endpoint_without_one_does_not_start()
    {
        var refused = await Assert.ThrowsAnyAsync<Exception>(() => Guard.StartAsync(settings:
            [.. File("eu-1", "1").Select(pair => (pair.Key, pair.Value)), ("Llm:RequireAttestation", "true")]));
        Assert.Contains("Llm:Endpoints:0:AttestedUntil is missing", refused.ToString(), StringComparison.Ordinal);
    }

    private static LlmEndpoint Described(string id, string url) => new() { Id = id, Url = url, Region = "eu", Jurisdiction = "EU", Model = "m" };

    private static EndpointVersion Row(LlmEndpoint settings) => new()
    {
        Endpoint = settings.Id, Settings = settings, Author = "ops", Reason = "typed by hand", SavedAt = DateTimeOffset.UnixEpoch,
    };

    private static IReadOnlyList<string> Ids(Guard guard) => [.. guard.Get<HealthBoard>().Read().Select(endpoint => endpoint.Endpoint)];

    private static Decision Decision(Guard guard) => guard.Get<ServingBoard>().Decide(Guard.Shop, Flags.Features.Chat);

    private static Task<Attempt> AskAsync(Guard guard) => guard.Get<LlmRouter>().AskAsync(
        new ModelCall(new Caller(Guard.Shop, ["EU"]), "chat", [new(Microsoft.Extensions.AI.ChatRole.User, "Hello?")], new Sampling(32)),
        new Deadline(TimeProvider.System, TimeSpan.FromSeconds(10)));

    private static Dictionary<string, string?> File(string id, string weight) => new()
    {
        ["ConnectionStrings:Guard"] = "Host=127.0.0.1;Port=1", ["Shopify:TokenKey"] = Convert.ToBase64String(new byte[32]),
        ["Llm:Endpoints:0:Id"] = id, ["Llm:Endpoints:0:Url"] = "http://127.0.0.1:9", ["Llm:Endpoints:0:Region"] = "eu",
        ["Llm:Endpoints:0:Jurisdiction"] = "EU", ["Llm:Endpoints:0:Model"] = "m", ["Llm:Endpoints:0:Weight"] = weight,
    };

    private static void Write(IConfigurationRoot configuration, Dictionary<string, string?> settings)
    {
        foreach (var (key, value) in settings)
        {
            configuration[key] = value;
        }

        configuration.Reload();
    }
}
