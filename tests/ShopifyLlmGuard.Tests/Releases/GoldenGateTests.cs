using Microsoft.EntityFrameworkCore;
using ShopifyLlmGuard.Compliance;
using ShopifyLlmGuard.Llm.Wire;
using ShopifyLlmGuard.Releases;
using ShopifyLlmGuard.Releases.Golden;
using ShopifyLlmGuard.Server.Ops.CommandLine;
using ShopifyLlmGuard.Tests.Llm;

namespace ShopifyLlmGuard.Tests.Releases;

/// <summary>What a release must show before it may answer anyone, on a real guard with two hosts of the same model.</summary>
public sealed class GoldenGateTests : IAsyncLifetime
{
    private const string Template = "{% for message in messages %}{{ message.content }}{% endfor %}";
    private static readonly ReleaseBundle Bundle = new()
    {
        Model = "model", Quantisation = "Q8_0", Template = HostModel.Digest(Template),
        Golden = [new() { Name = "names a product", Ask = "What travels well?", Products = [new("Wrist monitor", "Small")], Must = ["[1]"] }],
    };

    private ScriptedLlm first = null!;
    private ScriptedLlm second = null!;
    private Guard guard = null!;

    public async Task InitializeAsync()
    {
        (first, second) = (await ScriptedLlm.StartAsync(), await ScriptedLlm.StartAsync());
        (first.Models, second.Models) = (Card("Q8_0", Bundle.Template!), Card("q8_0", Bundle.Template!));
        guard = await Guard.StartAsync(PostgresCluster.Shared.NewDatabase(), settings:
        [
            ("Llm:Endpoints:0:Id", "fra-1"), ("Llm:Endpoints:0:Url", first.Url), ("Llm:Endpoints:0:Region", "eu-test"),
            ("Llm:Endpoints:0:Jurisdiction", "EU"), ("Llm:Endpoints:0:Model", "model"),
            ("Llm:Endpoints:1:Id", "fra-2"), ("Llm:Endpoints:1:Url", second.Url), ("Llm:Endpoints:1:Region", "eu-test"),
            ("Llm:Endpoints:1:Jurisdiction", "EU"), ("Llm:Endpoints:1:Model", "model"),
        ]);
        await guard.InstallAsync();
        Assert.Empty(await guard.Get<ReleaseDesk>().AddAsync("new", "chat", Bundle, "ada"));
    }

    public async Task DisposeAsync()
    {
        await guard.DisposeAsync();
        await first.DisposeAsync();
        await second.DisposeAsync();
    }

    [Fact]
    public async Task Every_host_that_would_answer_is_asked_and_compared()
    {
        var run = await RunAsync();
        Assert.True(run.Passed);
        Assert.Equal(
            ["fra-1 (quantisation)", "fra-1 (template)", "fra-1 names a product", "fra-2 (quantisation)", "fra-2 (template)", "fra-2 names a product"],
            run.Results.Select(result => $"{result.Endpoint} {result.Prompt}"));
        Assert.All(run.Results, result => Assert.Null(result.Unchecked));
    }

    [Fact]
    public async Task One_host_that_cannot_answer_fails_the_release()
    {
        second.Answers("I do not know.");
        var run = await RunAsync();
        Assert.False(run.Passed);
        Assert.Equal("fra-2: '[1]' is missing", Assert.Single(run.Results, result => result.Problem is not null) is { } failed ? $"{failed.Endpoint}: {failed.Problem}" : "");
    }

    [Fact]
    public async Task Other_weights_or_another_template_than_the_release_names_are_a_failure_that_says_both()
    {
        second.Models = Card("Q4_K_M", HostModel.Digest("another"));
        var run = await RunAsync();
        Assert.False(run.Passed);
        Assert.Equal(
            ["expected Q8_0, and there is Q4_K_M", $"expected {Bundle.Template}, and there is {HostModel.Digest("another")}"],
            run.Results.Select(result => result.Problem).OfType<string>());
        Assert.Contains("has not passed", await guard.Get<ReleaseDesk>().StartAsync("new", 5, false, "ada", "try"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_host_does_not_tell_is_called_unchecked_in_the_record_and_on_the_command_line()
    {
        (second.Models, second.Props) = ("""{"object":"list","data":[{"id":"model","object":"model"}]}""", $$"""{"chat_template":"{{Template}}"}""");
        var run = await RunAsync();
        Assert.True(run.Passed);
        Assert.Equal("fra-2 (quantisation)", Assert.Single(run.Results, result => result.Unchecked is not null) is { } left ? $"{left.Endpoint} {left.Prompt}" : "");
        await using var db = guard.Db();
        Assert.Contains((await db.GoldenRuns.AsNoTracking().SingleAsync()).Results, result => result.Unchecked is not null);
        var said = await SayAsync("release", "test", "new");
        Assert.Contains("NOT CHECKED  (quantisation)  fra-2", said, StringComparison.Ordinal);
        Assert.Contains("NOT CHECKED: (quantisation) at fra-2: the host does not tell.", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_release_without_any_host_has_not_passed()
    {
        Assert.Empty(await guard.Get<ReleaseDesk>().AddAsync("homeless", "chat", Bundle with { Model = "nowhere" }, "ada"));
        Assert.False((await guard.Get<GoldenGate>().RunAsync("homeless", "ada"))!.Passed);
    }

    [Fact]
    public async Task Every_step_is_in_the_audit_trail()
    {
        await RunAsync();
        var desk = guard.Get<ReleaseDesk>();
        Assert.Null(await desk.StartAsync("new", 5, false, "ada", "try it"));
        Assert.Null(await desk.WidenAsync("chat", 50, "ada", "looks well"));
        Assert.Null(await desk.WidenAsync("chat", 100, "ada", "good"));
        Assert.Null(await desk.RollBackAsync("chat", "grace", "I do not like its tone"));
        Assert.NotNull(await desk.RollBackAsync("chat", "grace", "nothing is left"));
        await using var db = guard.Db();
        Assert.Equal(
            [
                AuditActions.ReleaseAdded, AuditActions.ReleaseTested, AuditActions.ReleaseStarted, AuditActions.ReleaseWidened,
                AuditActions.ReleasePromoted, AuditActions.ReleaseRolledBack,
            ],
            await db.AuditEntries.OrderBy(entry => entry.Sequence).Select(entry => entry.Action).ToListAsync());
        var last = await db.AuditWords.OrderBy(words => words.Sequence).LastAsync();
        Assert.Equal(("grace", "chat", "built-in answers", "I do not like its tone"), (last.Actor, last.Subject, last.Detail, last.Reason));
        Assert.Empty((await guard.Get<AuditDesk>().VerifyAsync()).Problems);
    }

    [Fact]
    public async Task The_command_line_tells_how_a_release_stands_beside_its_predecessor()
    {
        Assert.Contains("chat: built-in answers everyone; nothing is compared.", await SayAsync("release", "status", "chat"), StringComparison.Ordinal);
        await RunAsync();
        Assert.Null(await guard.Get<ReleaseDesk>().StartAsync("new", 25, true, "ada", "try it"));
        var since = guard.Get<ShopifyLlmGuard.Data.Snapshots>().Current.Rollouts["chat"].Since;
        await using (var db = guard.Db())
        {
            db.ReleaseMinutes.AddRange(
                Minute("new", since, new() { Answers = 20, Missed = 3, Fallbacks = 3 }), Minute("built-in", since, new() { Answers = 60, Missed = 1, Fallbacks = 1 }),
                Minute("new", since.AddSeconds(-1), new() { Answers = 999, Missed = 999, Fallbacks = 999 }));
            await db.SaveChangesAsync();
        }

        var said = await SayAsync("release", "status", "chat");
        Assert.Contains("chat: new answers 25 % of the visitors since", said, StringComparison.Ordinal);
        Assert.Contains("built-in the others; it is widened by itself.", said, StringComparison.Ordinal);
        Assert.Matches("deadline-misses +new: 3 of 20 \\(15 %\\) +built-in: 1 of 60 \\(1\\.7 %\\)", said);
        Assert.Matches("slow-tokens +new: nothing measured", said);
        Assert.Contains("17 good answers, its predecessor 59: it takes 50 of each to judge it.", said, StringComparison.Ordinal);
        Assert.Contains("It is rolled back at 1000.", said, StringComparison.Ordinal);
        Assert.Contains("built-in is warm at fra-1, fra-2", said, StringComparison.Ordinal);
        Assert.Contains("new has passed its golden prompts at fra-1, fra-2", said, StringComparison.Ordinal);
    }

    private static ReleaseMinute Minute(string release, DateTimeOffset minute, ReleaseCounts counts) =>
        new() { Feature = "chat", Release = release, Minute = minute, Server = Guid.NewGuid(), Counts = counts };

    private static string Card(string quantisation, string template) =>
        $$$"""{"object":"list","data":[{"id":"model","object":"model","meta":{"quantisation":"{{{quantisation}}}","template":"{{{template}}}"}}]}""";

    private async Task<GoldenRun> RunAsync() => (await guard.Get<GoldenGate>().RunAsync("new", "ada"))!;

    private async Task<string> SayAsync(params string[] words)
    {
        using var output = new StringWriter();
        Assert.Equal(0, await GuardCommand.RunAsync(guard.Get<IServiceProvider>(), words, output));
        return output.ToString();
    }
}
