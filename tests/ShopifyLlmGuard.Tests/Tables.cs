using Npgsql;
using ShopifyLlmGuard.Data;

namespace ShopifyLlmGuard.Tests;

/// <summary>Looks for words in every table, whatever the tables are.</summary>
internal static class Tables
{
    public static Task<bool> ContainAsync(Guard guard, string word) => ContainAsync(guard.Get<NpgsqlDataSource>(), word);

    public static async Task<bool> ContainAsync(NpgsqlDataSource database, string word)
    {
        await using var connection = await database.OpenConnectionAsync();
        var tables = new List<string>();
        await using (var list = new NpgsqlCommand($"SELECT tablename FROM pg_tables WHERE schemaname = '{GuardDb.Schema}'", connection))
        await using (var reader = await list.ExecuteReaderAsync())
        {
            while (await reader.ReadAsync())
            {
                tables.Add(reader.GetString(0));
            }
        }

        foreach (var table in tables)
        {
            await using var count = new NpgsqlCommand(
                $"SELECT count(*) FROM {GuardDb.Schema}.{table} AS row WHERE row::text ILIKE '%' || $1 || '%'", connection);
            count.Parameters.AddWithValue(word);
            if ((long)(await count.ExecuteScalarAsync())! > 0)
            {
                return true;
            }
        }

        return false;
    }
}
