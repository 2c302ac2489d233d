using Microsoft.EntityFrameworkCore;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Health;

namespace ShopifyLlmGuard.Tests.Health;

public sealed class HealthBoardTests
{
    [Fact]
    public async Task Every_change_during_an_outage_of_the_database_becomes_a_row()
    {
        using var cluster = new PostgresCluster();
        await using var guard = await StartAsync(cluster.NewDatabase() + ";Timeout=1");
        var board = guard.Get<HealthBoard>();
        cluster.Kill();
        var at = new DateTimeOffset(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);
        EndpointState[] states = [EndpointState.Down, EndpointState.Up, EndpointState.Degraded, EndpointState.Up];
        for (var number = 0; number < states.Length; number++)
        {
            board.Remember("local-1", new Snapshot.EndpointMark(states[number], $"{number}", at.AddSeconds(number)));
            await Assert.ThrowsAnyAsync<Exception>(() => board.WriteAsync(default));
        }

        cluster.Start();
        await Guard.UntilAsync(() => Writes(board), "the database is found again");
        await board.WriteAsync(default);
        await using var db = guard.Db();
        Assert.Equal(states, await db.EndpointChanges.OrderBy(change => change.Id).Select(change => change.State).ToListAsync());
        Assert.Equal("3", (await db.EndpointStandings.SingleAsync()).Detail);
        Assert.False(board.HasNews);
    }

    [Fact]
    public async Task What_another_server_found_out_later_outranks_what_was_not_written_yet()
    {
        await using var one = await StartAsync(null);
        await using var db = one.Db();
        await using var other = await StartAsync(db.Database.GetConnectionString());
        var noon = new DateTimeOffset(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);
        one.Get<HealthBoard>().Remember("local-1", new Snapshot.EndpointMark(EndpointState.Down, "old", noon));
        Assert.Equal(EndpointState.Down, one.Get<HealthBoard>().Read().Single().State);

        other.Get<HealthBoard>().Remember("local-1", new Snapshot.EndpointMark(EndpointState.Up, null, noon.AddSeconds(5)));
        await other.Get<HealthBoard>().WriteAsync(default);
        await one.Get<Snapshots>().RefreshAsync();
        Assert.Equal(EndpointState.Up, one.Get<HealthBoard>().Read().Single().State);
        await one.Get<HealthBoard>().WriteAsync(default);
        var standing = await db.EndpointStandings.SingleAsync();
        Assert.Equal((EndpointState.Up, noon.AddSeconds(5)), (standing.State, standing.Since));
        Assert.Equal(2, await db.EndpointChanges.CountAsync());
    }

    [Fact]
    public async Task A_mark_that_stands_after_one_of_a_fast_clock_is_recorded_with_the_time_at_which_it_was_found()
    {
        await using var guard = await StartAsync(null);
        var noon = new DateTimeOffset(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);
        guard.Get<HealthBoard>().Remember("local-1", new Snapshot.EndpointMark(EndpointState.Down, "gone", noon.AddMinutes(10)), noon);
        await guard.Get<HealthBoard>().WriteAsync(default);
        await using var db = guard.Db();
        Assert.Equal((noon.AddMinutes(10), noon), ((await db.EndpointStandings.SingleAsync()).Since, (await db.EndpointChanges.SingleAsync()).At));
    }

    // The watch would store what the test stores itself.
    private static Task<Guard> StartAsync(string? database) => Guard.StartAsync(database, services: services =>
        services.Remove(services.Single(service => service.ImplementationType == typeof(AfterValidation<HealthWatch>))), settings:
    [
        ("Llm:Endpoints:0:Id", "local-1"), ("Llm:Endpoints:0:Url", "http://127.0.0.1:9"), ("Llm:Endpoints:0:Region", "eu"),
        ("Llm:Endpoints:0:Jurisdiction", "EU"), ("Llm:Endpoints:0:Model", "m"),
    ]);

    private static bool Writes(HealthBoard board)
    {
        try
        {
            board.WriteAsync(default).GetAwaiter().GetResult();
            return true;
        }
        catch (Exception away) when (away is System.Data.Common.DbException or DbUpdateException or TimeoutException or InvalidOperationException)
        {
            return false;
        }
    }
}
