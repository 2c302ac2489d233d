using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace ShopifyLlmGuard.Inference.Tests.Supervision;

/// <summary>The worker dies in every way there is; the front stays, says so, and has the next one soon.</summary>
public sealed class SupervisionTests
{
    [Theory]
    [InlineData("KILL", "killed")]
    // Of those that a failed program ends with, the one that .NET leaves to the system.
    [InlineData("SYS", "abort")]
    public async Task Answers_of_a_killed_worker_end_at_once_with_an_error_and_the_next_one_serves(string signal, string end)
    {
        await using var front = await Front.StartAsync();
        var expected = await front.AskAsync(EndlessHost.ShortQuestion()).TextAsync();
        var worker = await front.WorkerAsync();
        using var streaming = await front.AskAsync(EndlessHost.LongQuestion(stream: true));
        var plain = front.AskAsync(EndlessHost.LongQuestion());
        await front.UntilAsync(health => health?.GetProperty("running").GetInt32() + health?.GetProperty("queued").GetInt32() == 2);
        Front.Send(signal, worker);

        Assert.Equal("worker_died", await plain.CodeAsync(HttpStatusCode.BadGateway));
        var events = (await streaming.Content.ReadAsStringAsync()).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("data: ", events[^1][..6]);
        Assert.Equal("worker_died", JsonDocument.Parse(events[^1][6..]).RootElement.GetProperty("error").GetProperty("code").GetString());
        Assert.DoesNotContain("data: [DONE]", events);
        await front.UntilAnotherAsync(worker);
        Assert.Equal(expected, await front.AskAsync(EndlessHost.ShortQuestion()).TextAsync());
        Assert.Equal(end, await front.LastEndAsync());
        // The front's metrics and the new worker's are one document: no family is there twice.
        var metrics = await front.Http.GetStringAsync("/metrics");
        Assert.Equal((0, ""), await Promtool.CheckAsync(metrics));
        var families = metrics.Split('\n').Where(line => line.StartsWith("# TYPE ", StringComparison.Ordinal)).ToArray();
        Assert.Equal(families.Distinct(), families);
        Assert.Contains(families, family => family.Contains("llm_worker_up", StringComparison.Ordinal));
        Assert.Contains(families, family => family.Contains("llm_tokens", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Three_ends_in_ten_minutes_are_a_state_that_says_so()
    {
        await using var front = await Front.StartAsync();
        for (var end = 1; end <= 3; end++)
        {
            var worker = await front.WorkerAsync();
            Front.Send("KILL", worker);
            await (end < 3 ? front.UntilAnotherAsync(worker) : front.UntilNoneAsync());
        }

        var asking = front.AskAsync(EndlessHost.ShortQuestion());
        Assert.Equal("worker_restarting", await asking.CodeAsync(HttpStatusCode.ServiceUnavailable));
        Assert.InRange((await asking).Headers.RetryAfter!.Delta!.Value.TotalSeconds, 5, 60);
        var health = await front.FrontHealthAsync();
        Assert.Equal("unstable", health.GetProperty("status").GetString());
        Assert.Equal(3, health.GetProperty("worker").GetProperty("restarts_in_ten_minutes").GetInt32());
        Assert.Equal("0", await front.MetricAsync("^llm_worker_up"));
        Assert.Equal("1", await front.MetricAsync("^llm_worker_unstable"));
        Assert.Equal("3", await front.MetricAsync("^llm_worker_restarts_total.*cause=\"killed\""));
        Assert.NotEqual("", await front.MetricAsync("^llm_worker_refusals_total.*cause=\"worker-restarting\""));
        Assert.Contains(front.Output, line => line.StartsWith("crit:", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_stopped_worker_is_ended_and_keeps_nobody()
    {
        await using var front = await Front.StartAsync("--Inference:WedgedAfter", "00:00:04");
        var worker = await front.WorkerAsync();
        Front.Send("STOP", worker);

        Assert.Equal("deadline_exceeded", await front.AskAsync(EndlessHost.ShortQuestion(), deadline: 100).CodeAsync(HttpStatusCode.GatewayTimeout));
        Assert.Equal("worker_died", await front.AskAsync(EndlessHost.ShortQuestion()).CodeAsync(HttpStatusCode.BadGateway));
        await front.UntilAnotherAsync(worker);
        Assert.Equal("silent", await front.LastEndAsync());
        await front.AskAsync(EndlessHost.ShortQuestion()).TextAsync();
    }

    [Fact]
    public async Task A_worker_that_lives_but_computes_nothing_is_ended()
    {
        await using var front = await Front.StartAsync("--Inference:WedgedAfter", "00:00:10");
        var worker = await front.WorkerAsync();
        using var streaming = await front.AskAsync(EndlessHost.LongQuestion(stream: true));
        await StoppedThread.StopAsync(worker, "model");

        Assert.Contains("worker_died", await streaming.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        await front.UntilAnotherAsync(worker);
        Assert.Equal("wedged", await front.LastEndAsync());
        await front.AskAsync(EndlessHost.ShortQuestion()).TextAsync();
    }

    [Fact]
    public async Task A_crash_leaves_no_memory_on_disk_and_the_kernel_takes_the_worker_first()
    {
        await using var front = await Front.StartAsync();
        var worker = await front.WorkerAsync();

        Assert.Contains(
            await File.ReadAllLinesAsync($"/proc/{worker}/limits"),
            line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is ["Max", "core", "file", "size", "0", "0", ..]);
        Assert.Equal("500", (await File.ReadAllTextAsync($"/proc/{worker}/oom_score_adj")).Trim());
    }

    [Fact]
    public async Task A_worker_without_memory_is_replaced()
    {
        await using var front = await Front.StartAsync();
        var worker = await front.WorkerAsync();
        HostProcess.Run("prlimit", "--pid", worker.ToString(), "--data=1");
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (await front.RestartsAsync() == 0)
        {
            using var answer = await front.AskAsync(EndlessHost.ShortQuestion(), cancellationToken: limit.Token);
            Assert.True(answer.IsSuccessStatusCode || (int)answer.StatusCode >= 500);
        }

        await front.UntilAnotherAsync(worker);
        await front.AskAsync(EndlessHost.ShortQuestion()).TextAsync();
    }

    [Fact]
    public async Task A_worker_at_its_memory_limit_is_replaced_once_and_then_nothing_new_is_taken()
    {
        await using var front = await Front.StartAsync("--Inference:MemoryLimitMb", "10");
        await front.UntilAsync(health => health?.GetProperty("worker").GetProperty("restarts").GetInt32() == 1
            && health?.GetProperty("memory").GetString() == "shed");
        var asking = front.AskAsync(EndlessHost.ShortQuestion());

        Assert.Equal("memory_pressure", await asking.CodeAsync(HttpStatusCode.TooManyRequests));
        Assert.NotNull((await asking).Headers.RetryAfter);
        Assert.Equal("memory", await front.LastEndAsync());
        Assert.Equal("1", await front.MetricAsync("^llm_memory_shedding"));
        Assert.NotEqual("0", await front.MetricAsync("^llm_memory_refusals_total"));
    }

    [Fact]
    public async Task A_system_that_cleans_its_temporary_files_costs_a_restart()
    {
        await using var front = await Front.StartAsync();
        var worker = await front.WorkerAsync();
        var arguments = (await File.ReadAllTextAsync($"/proc/{worker}/cmdline")).Split('\0');
        Directory.Delete(Path.GetDirectoryName(arguments.Single(each => each.EndsWith("/beat", StringComparison.Ordinal)))!, recursive: true);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (await front.RestartsAsync() == 0)
        {
            using var answer = await front.AskAsync(EndlessHost.ShortQuestion(), cancellationToken: limit.Token);
            Assert.True(answer.IsSuccessStatusCode || (int)answer.StatusCode >= 500);
        }

        await front.UntilAnotherAsync(worker);
        Assert.Equal("broken", await front.LastEndAsync());
        await front.AskAsync(EndlessHost.ShortQuestion()).TextAsync();
    }

    [Fact]
    public async Task A_letter_in_a_header_costs_no_worker()
    {
        await using var front = await Front.StartAsync("--Inference:ApiKey", "sesame");
        var worker = await front.WorkerAsync();
        for (var request = 0; request < 10; request++)
        {
            using var caller = new TcpClient();
            await caller.ConnectAsync(IPAddress.Loopback, front.Http.BaseAddress!.Port);
            await caller.GetStream().WriteAsync(Encoding.UTF8.GetBytes("GET /v1/models HTTP/1.1\r\nHost: x\r\nX-Foo: é\r\nConnection: close\r\n\r\n"));
            using var reader = new StreamReader(caller.GetStream());
            Assert.StartsWith("HTTP/1.1 401 ", await reader.ReadToEndAsync(), StringComparison.Ordinal);
        }

        Assert.Equal(worker, await front.WorkerAsync());
        Assert.Equal(0, await front.RestartsAsync());
    }

    [Fact]
    public async Task A_crowd_at_the_worker_s_socket_costs_no_worker()
    {
        await using var front = await Front.StartAsync("--Inference:WedgedAfter", "00:02:00");
        var worker = await front.WorkerAsync();
        Front.Send("STOP", worker);
        var statuses = await Task.WhenAll(Enumerable.Range(0, 640).Select(async _ =>
        {
            using var answer = await front.AskAsync(EndlessHost.ShortQuestion(), deadline: 1);
            return answer.StatusCode;
        }));
        // Its socket was full: these broke off.
        Assert.True(statuses.Count(status => status == HttpStatusCode.BadGateway) >= 3);
        Front.Send("CONT", worker);

        await front.AskAsync(EndlessHost.ShortQuestion()).TextAsync();
        Assert.Equal(worker, await front.WorkerAsync());
        Assert.Equal(0, await front.RestartsAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_worker_dies_with_its_front(bool isStopped)
    {
        await using var front = await Front.StartAsync();
        var worker = await front.WorkerAsync();
        if (isStopped)
        {
            Front.Send("STOP", worker);
        }

        front.Send("KILL");

        await Front.UntilGoneAsync(worker);
    }

    [Fact]
    public async Task A_signal_ends_both_in_the_middle_of_an_answer()
    {
        await using var front = await Front.StartAsync();
        var worker = await front.WorkerAsync();
        var asking = front.AskAsync(EndlessHost.LongQuestion());
        await front.UntilRunningAsync();
        front.Send("TERM");

        Assert.Equal(0, await front.ExitCodeAsync(TimeSpan.FromSeconds(20)));
        Assert.Equal("stopping", await asking.CodeAsync(HttpStatusCode.ServiceUnavailable));
        await Front.UntilGoneAsync(worker);
        Assert.Empty(front.Errors);
    }

    [Fact]
    public async Task A_long_path_of_temporary_files_is_no_obstacle()
    {
        var folder = Directory.CreateDirectory(Path.Combine(Path.GetDirectoryName(Models.NewPath())!, new string('t', 150))).FullName;
        await using var front = HostProcess.Start(["--supervise", "--model", Models.Endless], ("TMPDIR", folder));
        front.Http.BaseAddress = await front.ListeningAsync();
        await front.UntilAsync(health => health is not null);

        await front.AskAsync(EndlessHost.ShortQuestion()).TextAsync();
    }

    [Fact]
    public async Task A_useless_model_at_the_start_is_one_line()
    {
        await using var front = HostProcess.Start(["--supervise", "--model", "/nowhere.gguf"]);

        Assert.Equal(1, await front.ExitCodeAsync(TimeSpan.FromSeconds(30)));
        Assert.Equal("Cannot serve the model /nowhere.gguf: there is no such file.", Assert.Single(front.Errors));
    }

    [Fact]
    public async Task A_hundred_readers_die_in_the_middle_of_their_streams()
    {
        await using var front = await Front.StartAsync();
        var expected = await front.AskAsync(EndlessHost.ShortQuestion(100)).TextAsync();
        var worker = await front.WorkerAsync();
        await Parallel.ForAsync(0, 120, new ParallelOptions { MaxDegreeOfParallelism = 6 }, async (_, cancellationToken) =>
        {
            using var life = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            using var answer = await front.AskAsync(EndlessHost.LongQuestion(stream: true), cancellationToken: life.Token);
            using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(life.Token));
            Assert.StartsWith("data: ", await reader.ReadLineAsync(life.Token), StringComparison.Ordinal);
            var reading = reader.ReadToEndAsync(life.Token);
            await life.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
        });

        await front.UntilAsync(health => health?.GetProperty("running").GetInt32() == 0 && health?.GetProperty("queued").GetInt32() == 0);
        Assert.Equal(expected, await front.AskAsync(EndlessHost.ShortQuestion(100)).TextAsync());
        Assert.Equal(worker, await front.WorkerAsync());
    }

    [Fact]
    public async Task A_full_disk_behind_the_logs_changes_nothing()
    {
        await using var front = await HostProcess.ReadyWithFullDiskAsync(Models.Endless, "--supervise");
        var worker = await front.WorkerAsync();
        await front.AskAsync(EndlessHost.ShortQuestion()).TextAsync();
        Front.Send("KILL", worker);
        await front.UntilAnotherAsync(worker);
        await front.AskAsync(EndlessHost.ShortQuestion()).TextAsync();
        front.Send("TERM");

        Assert.Equal(0, await front.ExitCodeAsync(TimeSpan.FromSeconds(20)));
    }
}
