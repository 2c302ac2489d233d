using Npgsql;

namespace ShopifyLlmGuard.Tests.Jobs;

public sealed class SchedulerTests
{
    [Fact]
    public async Task The_locks_of_a_killed_server_hold_the_rounds_up_for_seconds_only()
    {
        var database = PostgresCluster.Shared.NewDatabase();
        await using (await StartAsync(database))
        {
            await RoundsSucceedAsync(database, since: 0);
            await ExecuteAsync(database, """
                create table public.taken (resource text primary key);
                create function note() returns trigger language plpgsql as
                  'begin insert into public.taken values (new.resource) on conflict do nothing; return new; end';
                create trigger note before insert on hangfire.lock for each row execute function note();
                """);
            await RoundsSucceedAsync(database, since: await LastJobAsync(database));
        }

        // What a killed server leaves: every lock that one takes, never to be released.
        await ExecuteAsync(database, """
            drop trigger note on hangfire.lock;
            insert into hangfire.lock (resource, updatecount, acquired) select resource, 0, now() at time zone 'utc' from public.taken on conflict do nothing;
            """);
        Assert.NotEqual(0, await ReadAsync(database, "select count(*) from public.taken"));
        await using var next = await StartAsync(database);
        await RoundsSucceedAsync(database, since: await LastJobAsync(database));
    }

    private static async Task<GuardApp> StartAsync(string database)
    {
        var app = new GuardApp().With("ConnectionStrings:Guard", database).With("Jobs:Run", "true");
        await app.InitializeAsync();
        return app;
    }

    private static async Task RoundsSucceedAsync(string database, long since)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        while (await ReadAsync(database, $"select count(*) from hangfire.job where statename = 'Succeeded' and id > {since}") < 3)
        {
            Assert.True(await timer.WaitForNextTickAsync(limit.Token));
        }
    }

    private static Task<long> LastJobAsync(string database) => ReadAsync(database, "select coalesce(max(id), 0) from hangfire.job");

    private static async Task<long> ReadAsync(string database, string query)
    {
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(query, connection);
        try
        {
            return (long)(await command.ExecuteScalarAsync())!;
        }
        catch (PostgresException notYet) when (notYet.SqlState is PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidSchemaName)
        {
            return 0;
        }
    }

    private static async Task ExecuteAsync(string database, string statements)
    {
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(statements, connection);
        await command.ExecuteNonQueryAsync();
    }
}
