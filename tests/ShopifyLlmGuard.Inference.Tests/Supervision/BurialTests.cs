using System.Net;

namespace ShopifyLlmGuard.Inference.Tests.Supervision;

/// <summary>A worker that does not end when it is killed, for real: the front goes on without it, and ends without it.</summary>
public sealed class BurialTests
{
    [Theory]
    [InlineData(true, 't')]
    [InlineData(false, 'Z')]
    public async Task A_worker_that_outlives_its_death_keeps_nobody_from_the_next_one(bool keepsAll, char state)
    {
        await using var front = await Front.StartAsync("--Inference:WedgedAfter", "00:00:04");
        var worker = await front.WorkerAsync();
        using var undead = await UndeadProcess.HoldAsync(worker, keepsAll);
        using var streaming = await front.AskAsync(EndlessHost.LongQuestion(stream: true));
        var asking = front.AskAsync(EndlessHost.LongQuestion());
        await front.UntilRunningAsync(2);
        Front.Send("KILL", worker);

        Assert.Equal("worker_died", await asking.CodeAsync(HttpStatusCode.BadGateway));
        Assert.Matches("worker_died[^\n]*\n\n$", await streaming.Content.ReadAsStringAsync());
        await front.UntilAnotherAsync(worker);
        Assert.Equal(state, undead.State);
        await front.AskAsync(EndlessHost.ShortQuestion()).TextAsync();
        Assert.Contains(front.Output, line => line.Contains($"Process {worker} was killed and does not end", StringComparison.Ordinal));
        front.Send("TERM");
        Assert.Equal(0, await front.GoneAsync(TimeSpan.FromSeconds(20)));
        Assert.Equal(state, undead.State);
    }

    [Fact]
    public async Task A_front_ends_although_its_worker_cannot()
    {
        await using var front = await Front.StartAsync();
        using var undead = await UndeadProcess.HoldAsync(await front.WorkerAsync(), keepsAll: true);
        front.Send("TERM");

        Assert.Equal(0, await front.GoneAsync(TimeSpan.FromSeconds(20)));
        Assert.Equal('t', undead.State);
    }
}
