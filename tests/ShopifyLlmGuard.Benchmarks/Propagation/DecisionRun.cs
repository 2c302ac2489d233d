using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Flags;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Benchmarks.Propagation;

/// <summary>What a snapshot of ten thousand shops holds in memory, and what a decision from it takes.</summary>
internal static class DecisionRun
{
    private const int Calls = 2_000_000;

    public sealed record Result(double Megabytes, double Nanoseconds, double BytesPerCall);

    public static async Task<Result> RunAsync(string database)
    {
        var folder = Directory.CreateTempSubdirectory("guard-desk-").FullName;
        await using var desk = GuardFleet.DeskOn(database, folder);
        var snapshots = desk.GetRequiredService<Snapshots>();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        await snapshots.RefreshAsync();

        // What the first reading of a process builds besides, the database model and its queries, is counted, too.
        var megabytes = (GC.GetTotalMemory(forceFullCollection: true) - before) / 1e6;
        var board = desk.GetRequiredService<ServingBoard>();
        string[] shops = [.. snapshots.Current.Shops.Keys];
        Decide(board, shops, Calls);
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var watch = Stopwatch.StartNew();
        Decide(board, shops, Calls);
        watch.Stop();
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        GC.KeepAlive(snapshots);
        Directory.Delete(folder, recursive: true);
        return new(megabytes, watch.Elapsed.TotalNanoseconds / Calls, (double)allocated / Calls);
    }

    private static void Decide(ServingBoard board, string[] shops, int calls)
    {
        for (var call = 0; call < calls; call++)
        {
            board.Decide(shops[(int)((uint)(call * 7919) % (uint)shops.Length)], call % 2 == 0 ? Features.Chat : Features.Recommendations);
        }
    }
}
