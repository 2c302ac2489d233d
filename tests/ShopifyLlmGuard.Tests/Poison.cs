using Microsoft.EntityFrameworkCore;
using ShopifyLlmGuard.Data;

namespace ShopifyLlmGuard.Tests;

/// <summary>Makes PostgreSQL refuse some rows for good, as it refuses what it cannot represent.</summary>
internal static class Poison
{
    /// <param name="db">A context of the test's; it is disposed.</param>
    /// <param name="table">The table.</param>
    /// <param name="row">Which new rows, as a condition on <c>NEW</c>'s columns.</param>
    public static async Task PutAsync(GuardDb db, string table, string row)
    {
        await using var _ = db;
        var sql =
            $"""
             CREATE FUNCTION guard.refuse_{table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'poison' USING ERRCODE = '22P05'; END $$;
             CREATE TRIGGER refuse BEFORE INSERT ON guard.{table} FOR EACH ROW WHEN (NEW.{row}) EXECUTE FUNCTION guard.refuse_{table}();
             """;
        await db.Database.ExecuteSqlRawAsync(sql);
    }
}
