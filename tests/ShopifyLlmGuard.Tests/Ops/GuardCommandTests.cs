using System.Diagnostics;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Protections;
using ShopifyLlmGuard.Server.Ops.CommandLine;
using ShopifyLlmGuard.Server.Storefront;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Tests.Ops;

/// <summary>The operator's command line.</summary>
public sealed class GuardCommandTests(GuardApp app) : IClassFixture<GuardApp>
{
    [Theory]
    [InlineData(0, "guard VERB", "--help")]
    [InlineData(0, "guard pins", "pins", "--help")]
    [InlineData(0, "guard bypass on --reason", "help", "bypass")]
    [InlineData(2, "Do you mean 'bypass'?", "bypas", "on")]
    [InlineData(2, "Do you mean 'pins'?", "pinss")]
    [InlineData(2, "Do you mean 'keys'?", "help", "key")]
    public void Help_and_typing_mistakes_need_no_configuration(int code, string said, params string[] words)
    {
        using var output = new StringWriter();
        Assert.True(GuardCommand.IsMeant(words));
        Assert.Equal(code, GuardCommand.Answer(words, output));
        Assert.Contains(said, output.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData]
    [InlineData("--urls", "http://127.0.0.1:0")]
    [InlineData("Guard:DataDirectory=/tmp")]
    public void A_servers_arguments_are_no_verb(params string[] words) => Assert.False(GuardCommand.IsMeant(words));

    [Theory]
    [InlineData("Say on, off or status.", "bypass", "of", "--reason", "x")]
    [InlineData("A reason is needed", "bypass", "on")]
    [InlineData("--reason needs a value.", "bypass", "on", "--reason")]
    [InlineData("Do you mean --reason?", "bypass", "on", "--raeson", "x")]
    [InlineData("is no http or https address", "bypass", "on", "--reason", "x", "--server", "ftp://a")]
    [InlineData("The shop must be like", "bypass", "on", "--reason", "x", "--shop", "attacker.example")]
    [InlineData("without control characters", "bypass", "on", "--reason", "x", "--actor", "Ada\nCritical: forged")]
    [InlineData("The reason is one line", "pin", "--all-shops", "--all-features", "--mode", "Off", "--reason", "x\u001b[2J")]
    [InlineData("The actor is one line", "pin", "--all-shops", "--all-features", "--mode", "Off", "--reason", "x", "--actor", "Ada\0")]
    [InlineData("one line each", "unpin", "--all", "--reason", "x\r\ny")]
    [InlineData("either --shop DOMAIN or --all-shops", "pin", "--feature", "chat", "--mode", "Off", "--reason", "x")]
    [InlineData("either --feature KEY or --all-features", "pin", "--all-shops", "--mode", "Off", "--reason", "x")]
    [InlineData("--mode must be", "pin", "--all-shops", "--all-features", "--mode", "Sideways", "--reason", "x")]
    [InlineData("--for must be like", "pin", "--all-shops", "--all-features", "--mode", "Off", "--reason", "x", "--for", "soon")]
    [InlineData("A pin may last 30 days", "pin", "--all-shops", "--all-features", "--mode", "Off", "--reason", "x", "--for", "31d")]
    [InlineData("A pin needs a reason.", "pin", "--all-shops", "--all-features", "--mode", "Off")]
    [InlineData("No shop 'stranger.myshopify.com'", "pin", "--shop", "stranger.myshopify.com", "--all-features", "--mode", "Off", "--reason", "x")]
    [InlineData("There is no feature 'telepathy'", "pin", "--all-shops", "--feature", "telepathy", "--mode", "Off", "--reason", "x")]
    [InlineData("Say one pin's ID", "unpin", "--reason", "x")]
    [InlineData("Say one pin's ID", "unpin", "--all", "--all-of-shop", "a", "--reason", "x")]
    [InlineData("A reason is needed", "unpin", "--all")]
    [InlineData("one word too many", "status", "now")]
    [InlineData("Do you mean --json?", "status", "--jsn")]
    public async Task Wrong_words_are_explained_and_change_nothing(string said, params string[] words)
    {
        var before = await app.ContentAsync();
        var (code, output) = await RunAsync(words);
        Assert.Equal(2, code);
        Assert.Contains(said, output, StringComparison.Ordinal);
        Assert.Contains($"guard {words[0]}", output, StringComparison.Ordinal);
        Assert.Equal(before, await app.ContentAsync());
    }

    [Fact]
    public async Task A_pin_is_made_listed_seen_in_the_status_and_released()
    {
        await app.InstallAsync();
        var (code, made) = await RunAsync("pin", "--shop", GuardApp.Shop, "--feature", "chat", "--mode", "off", "--for", "2h", "--reason", "inventory", "--actor", "Ada");
        Assert.Equal(0, code);
        var id = made.Split(' ')[0];
        var pin = await app.QueryAsync(db => db.Pins.SingleAsync(row => row.Id == Guid.Parse(id)));
        Assert.Equal((GuardApp.Shop, "chat", Mode.Off, PinHolder.Human, "Ada", "inventory", TimeSpan.FromHours(2)), (pin.Shop, pin.Feature, pin.Mode, pin.Holder, pin.Actor, pin.Reason, pin.Until - pin.From));

        Assert.Contains($"{id}  {GuardApp.Shop}  chat  Off  Human Ada: inventory", (await RunAsync("pins")).Output, StringComparison.Ordinal);
        using var status = JsonDocument.Parse((await RunAsync("status", "--shop", GuardApp.Shop, "--json")).Output);
        var chat = status.RootElement.GetProperty("features").EnumerateArray().Single(feature => feature.GetProperty("feature").GetString() == "chat");
        Assert.Equal(("Off", "pinned", id), (chat.GetProperty("mode").GetString(), chat.GetProperty("reason").GetString(), chat.GetProperty("pin").GetProperty("id").GetString()));
        Assert.Equal("the database", status.RootElement.GetProperty("from").GetString());

        Assert.Equal(0, (await RunAsync("unpin", id, "--reason", "counted")).Code);
        Assert.Equal(1, (await RunAsync("unpin", id, "--reason", "again")).Code);
        Assert.DoesNotContain(id, (await RunAsync("pins")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_pins_of_a_shop_are_released_at_once_and_the_others_stay()
    {
        await app.InstallAsync();
        await RunAsync("pin", "--shop", GuardApp.Shop, "--feature", "chat", "--mode", "Fallback", "--reason", "one");
        await RunAsync("pin", "--shop", GuardApp.Shop, "--all-features", "--mode", "Fallback", "--reason", "two");
        await RunAsync("pin", "--all-shops", "--feature", "chat", "--mode", "Fallback", "--reason", "three");
        Assert.Equal(0, (await RunAsync("unpin", "--all-of-shop", GuardApp.Shop, "--reason", "over")).Code);
        Assert.Equal("three", Assert.Single(app.Services.GetRequiredService<Snapshots>().Current.Pins).Reason);
        Assert.Equal(0, (await RunAsync("unpin", "--all", "--reason", "over")).Code);
        Assert.Equal(1, (await RunAsync("unpin", "--all", "--reason", "over")).Code);
    }

    [Fact]
    public async Task An_unproven_protection_says_so_and_a_proven_one_says_when_and_how_fast()
    {
        await app.QueryAsync(async db =>
        {
            db.ProtectionProofs.Add(new ProtectionProof { Protection = Protection.Rollback, Drilled = true, At = new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero), Milliseconds = 1234, Server = "s1" });
            return await db.SaveChangesAsync();
        });
        var (code, output) = await RunAsync("protections");
        Assert.Equal(1, code);
        Assert.Contains("drilled: 2026-11-24 12:00:00Z in 1234 ms on s1", output, StringComparison.Ordinal);
        Assert.Contains("UNPROVEN", output.Split('\n').Single(line => line.StartsWith("incident-toggle", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_bypass_works_from_another_process_and_without_a_database_and_says_who_confirmed()
    {
        await using var lonely = BypassDoorTests.Operated().With("ConnectionStrings:Guard", "Host=127.0.0.1;Port=1;Username=guard;Database=guard;Timeout=1");
        await ((IAsyncLifetime)lonely).InitializeAsync();
        var server = lonely.Client.BaseAddress!.ToString();

        var (on, said) = await CallAsync(server, "bypass", "on", "--reason", "The model talks nonsense", "--actor", "Ada");
        Assert.Contains("on, confirmed after", said, StringComparison.Ordinal);
        Assert.Equal(0, on);
        Assert.True(BypassDoorTests.Bypass(lonely).IsOn);

        var (status, told) = await CallAsync(server, "bypass", "status");
        Assert.Contains("ON", told, StringComparison.Ordinal);
        Assert.Contains("command, by Ada", told, StringComparison.Ordinal);
        Assert.Equal(0, status);

        var (off, partly) = await CallAsync(server, "bypass", "off", "--reason", "It is mended", "--server", server, "--server", "http://127.0.0.1:1");
        Assert.Contains("http://127.0.0.1:1: NOT CONFIRMED", partly, StringComparison.Ordinal);
        Assert.Equal(1, off);
        Assert.False(BypassDoorTests.Bypass(lonely).IsOn);
    }

    [Fact]
    public async Task An_operator_whose_machine_does_not_know_what_stands_has_the_last_word_also_in_the_database()
    {
        await using var busy = BypassDoorTests.Operated();
        await ((IAsyncLifetime)busy).InitializeAsync();
        var fast = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(GuardApp.Now.AddMinutes(3));
        BypassDoorTests.Bypass(busy).Take(ShopifyLlmGuard.Serving.Bypassing.BypassDecision.Make(
            true, null, ShopifyLlmGuard.Serving.Bypassing.BypassWay.Webhook, "Ada", "a fast clock", fast));
        await Guard.UntilAsync(() => BypassDoorTests.Bypass(busy).Pending.Count == 0, "it is stored");

        var (code, said) = await CallAsync(
            "http://127.0.0.1:1", busy.Services.GetRequiredService<Npgsql.NpgsqlDataSource>().ConnectionString, Convert.ToBase64String(new byte[32]), ["bypass", "off", "--reason", "It is mended"]);
        Assert.Equal(1, code);
        Assert.Contains("The database has it.", said, StringComparison.Ordinal);
        Assert.Equal("It is mended", (await busy.QueryAsync(db => db.BypassDecisions.OrderByDescending(row => row.At).FirstAsync())).Reason);
        await Guard.UntilAsync(() => !BypassDoorTests.Bypass(busy).IsOn, "the server hears of it");
    }

    private async Task<(int Code, string Output)> RunAsync(params string[] words)
    {
        using var output = new StringWriter { NewLine = "\n" };
        return (await GuardCommand.RunAsync(app.Services, words, output), output.ToString());
    }

    // From an operator's machine: no data directory, no database, only a secret and an address.
    private static Task<(int Code, string Output)> CallAsync(string server, params string[] words) =>
        CallAsync(server, "Host=127.0.0.1;Port=1;Timeout=1", "", words);

    private static async Task<(int Code, string Output)> CallAsync(string server, string database, string tokenKey, string[] words)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", [typeof(ChatRequest).Assembly.Location, .. words])
        {
            RedirectStandardOutput = true, WorkingDirectory = Path.GetTempPath(),
            Environment =
            {
                ["Guard__Servers__0"] = server, ["Bypass__Secrets__0"] = BypassDoorTests.Secret, ["Guard__DataDirectory"] = "/nonexistent",
                ["ConnectionStrings__Guard"] = database, ["Shopify__TokenKey"] = tokenKey,
            },
        })!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output);
    }
}
