using Microsoft.EntityFrameworkCore;
using ShopifyLlmGuard.Propagation;

namespace ShopifyLlmGuard.Tests.Propagation;

public sealed class HeartbeatTests
{
    [Fact]
    public async Task Every_server_notes_every_heartbeat_and_only_one_writes_it()
    {
        var database = PostgresCluster.Shared.NewDatabase();
        await using var one = await StartAsync(database, "one");
        await using var two = await StartAsync(database, "two");
        var board = two.Get<PropagationBoard>();
        IReadOnlyList<ServerEchoes> servers = [];
        await UntilAsync(async () =>
            (servers = await board.ReadAsync()).Count == 2 && servers.All(server => server.Echoes.Count >= 2), "both have noted two heartbeats");

        Assert.Equal(["one", "two"], servers.Select(server => server.Server));
        Assert.All(servers.SelectMany(server => server.Echoes), milliseconds => Assert.InRange(milliseconds, 0, 20_000));
        await using var db = one.Db();
        var beats = await db.Heartbeats.OrderBy(beat => beat.Id).Select(beat => beat.At).ToListAsync();
        Assert.All(beats.Zip(beats.Skip(1)), pair => Assert.True(pair.Second - pair.First > TimeSpan.FromSeconds(0.8), "two servers wrote the same beat"));
    }

    [Fact]
    public async Task Old_heartbeats_and_echoes_are_forgotten()
    {
        await using var guard = await StartAsync(PostgresCluster.Shared.NewDatabase(), "one");
        await using var db = guard.Db();
        var old = TimeProvider.System.GetUtcNow().AddDays(-8);
        db.Heartbeats.Add(new Heartbeat { At = old, Server = "gone" });
        db.HeartbeatEchoes.Add(new HeartbeatEcho { Number = 1_000_000, Server = "gone", Milliseconds = 3, At = old });
        await db.SaveChangesAsync();
        await UntilAsync(async () => !await db.Heartbeats.AnyAsync(beat => beat.Server == "gone") && !await db.HeartbeatEchoes.AnyAsync(echo => echo.Server == "gone"), "they are gone");
    }

    private static Task<Guard> StartAsync(string database, string name) => Guard.StartAsync(
        database, settings: [("Guard:Server", name), ("Guard:HeartbeatEvery", "00:00:01"), ("Guard:PollEvery", "00:10:00")]);

    private static async Task UntilAsync(Func<Task<bool>> isTrue, string what)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!await isTrue())
        {
            Assert.True(!limit.IsCancellationRequested, $"Waited 30 s in vain: {what}.");
            await timer.WaitForNextTickAsync();
        }
    }
}
