namespace ShopifyLlmGuard.Browser;

/// <summary><c>./run</c> on machines that are not as one would like: a working shop or one clear line, and nothing left behind.</summary>
public sealed class RunTests : IDisposable
{
    private readonly string data = Directory.CreateTempSubdirectory("guard-run-").FullName;

    public RunTests() => File.SetUnixFileMode(data, (UnixFileMode)0b111_101_101);

    [Fact]
    public async Task Twice_in_a_row_it_ends_in_a_working_shop_and_stops_without_a_trace()
    {
        for (var time = 0; time < 2; time++)
        {
            await using var run = Start();
            await run.SaysAsync("storefront", 300);
            await run.ShopWorksAsync();
            await run.SignalAsync("TERM");
            await run.EndsAsync(143);
            Assert.Empty(run.LeftBehind());
        }
    }

    [Fact]
    public async Task Everything_that_is_killed_at_once_comes_back_and_the_shop_recovers()
    {
        await using var run = Start(("RESTART_SECONDS", "2"));
        await run.SaysAsync("storefront", 300);
        foreach (var name in new[] { "guard", "inference", "postgres" })
        {
            Shell.Run("kill", "-9", (await File.ReadAllTextAsync(Path.Combine(data, name + ".pid"))).Trim());
        }

        foreach (var name in new[] { "guard", "inference", "postgres" })
        {
            await run.SaysAsync($"{name} is gone (exit code 137)", 30);
        }

        Assert.Equal("", run.Error.Trim());

        await run.ShopWorksAsync();
        run.Interrupt();
        await run.EndsAsync(130);
        Assert.Empty(run.LeftBehind());
    }

    [Theory]
    [InlineData("getting ready")]
    [InlineData("Starting")]
    [InlineData("postgres")]
    [InlineData("inference (")]
    public async Task Interrupted_in_the_middle_of_its_start_it_leaves_no_process_behind(string after)
    {
        await using var run = Start();
        await run.SaysAsync(after, 300);
        run.Interrupt();
        await run.EndsAsync(130);
        Assert.Empty(run.LeftBehind());
    }

    [Fact]
    public async Task Interrupted_while_it_builds_it_leaves_no_process_behind()
    {
        await using var run = Start();
        await Eventually.TrueAsync(() => Task.FromResult(File.Exists(Path.Combine(data, "logs", "build.log"))), "the build has begun", 60);
        run.Interrupt();
        await run.EndsAsync(130);
        Assert.Equal("", run.Error.Trim());
        Assert.Empty(run.LeftBehind());
    }

    [Fact]
    public async Task A_taken_port_is_one_clear_line()
    {
        using var taken = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        taken.Start();
        var port = ((System.Net.IPEndPoint)taken.LocalEndpoint).Port.ToString();
        await using var run = Start(("GUARD_PORT", port));
        await run.EndsAsync(1);
        Assert.Equal($"Cannot go on: port {port} (guard server) is taken by another program. Stop that, or choose another: GUARD_PORT=PORT ./run", run.Error.Trim());
    }

    [Fact]
    public async Task A_machine_without_Node_is_told_so_in_one_line()
    {
        await using var run = Start(("PATH", PathWithout("node")));
        await run.EndsAsync(1);
        Assert.StartsWith("Cannot go on: Node 20 or newer with npm is missing.", run.Error, StringComparison.Ordinal);
        Assert.Single(run.Error.Trim().Split('\n'));
    }

    [Fact]
    public async Task A_missing_model_is_told_in_one_line()
    {
        await using var run = Start(("MODEL", "/nowhere/model.gguf"));
        await run.EndsAsync(1);
        Assert.Equal("Cannot go on: there is no model file /nowhere/model.gguf (MODEL says where to look).", run.Error.Trim());
    }

    [Fact]
    public async Task A_broken_model_is_told_with_its_log_and_stops_everything()
    {
        var model = Path.Combine(data, "broken.gguf");
        await File.WriteAllTextAsync(model, "this is not a model");
        await using var run = Start(("MODEL", model));
        await run.EndsAsync(1);
        Assert.Contains("Cannot go on: the inference did not start", run.Error, StringComparison.Ordinal);
        Assert.Empty(run.LeftBehind());
    }

    [Fact]
    public async Task A_normal_user_without_PostgreSQL_is_told_what_to_install()
    {
        var clone = CloneForNobody();

        // A private mount hides PostgreSQL from this one process tree.
        await using var run = RunProcess.Start(clone, "unshare", ["--mount", "sh", "-c",
            "mount -t tmpfs none /usr/lib/postgresql && exec setpriv --reuid=nobody --regid=nogroup --clear-groups ./run"], ("HOME", data));
        await run.EndsAsync(1);
        Assert.Equal("Cannot go on: PostgreSQL is missing. Install it (Debian: apt-get install postgresql), then try again.", run.Error.Trim());
    }

    [Fact]
    public async Task A_normal_user_gets_a_shop_from_a_fresh_clone_with_empty_package_caches()
    {
        var clone = CloneForNobody();
        await using var run = RunProcess.Start(clone, "setpriv", ["--reuid=nobody", "--regid=nogroup", "--clear-groups", "./run"],
            ("HOME", data), ("NUGET_PACKAGES", Path.Combine(data, "nuget")), ("npm_config_cache", Path.Combine(data, "npm")));
        await run.SaysAsync("storefront", 600);
        await run.ShopWorksAsync();
        run.Interrupt();
        await run.EndsAsync(130);
        Assert.Empty(run.LeftBehind());
    }

    public void Dispose() => Directory.Delete(data, recursive: true);

    private RunProcess Start(params (string Name, string Value)[] environment) =>
        RunProcess.Start(Programs.Root, "./run", [], [("DATA", data), .. environment]);

    private string CloneForNobody()
    {
        var clone = Path.Combine(data, "clone");
        Shell.Run("git", "clone", "--quiet", Programs.Root, clone);
        Shell.Run("chown", "-R", "nobody:nogroup", data);
        return clone;
    }

    // Links to everything on the PATH but one program.
    private string PathWithout(string missing)
    {
        var folder = Directory.CreateDirectory(Path.Combine(data, "bin")).FullName;
        foreach (var file in Environment.GetEnvironmentVariable("PATH")!.Split(':').Where(Directory.Exists).SelectMany(Directory.GetFiles))
        {
            var link = Path.Combine(folder, Path.GetFileName(file));
            if (Path.GetFileName(file) != missing && !File.Exists(link))
            {
                File.CreateSymbolicLink(link, file);
            }
        }

        return folder;
    }
}
