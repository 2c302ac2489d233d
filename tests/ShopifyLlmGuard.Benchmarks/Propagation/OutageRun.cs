using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using ShopifyLlmGuard.Browser;
using ShopifyLlmGuard.Flags;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Benchmarks.Propagation;

/// <summary>The database away under load: every shopper is answered, and every change that was acknowledged before or after counts.</summary>
internal sealed class OutageRun(GuardFleet fleet, TimeSpan length)
{
    private const int PerSecond = 60, Changes = 20;
    private static readonly TimeSpan Around = TimeSpan.FromSeconds(10);

    public sealed record Result(IReadOnlyList<OpenLoop.Sample> Answers, int Lost, double BackSeconds);

    public async Task<Result> RunAsync()
    {
        var callers = fleet.Servers.Select(server => new ShopCaller(server.Url)).ToList();
        var load = OpenLoop.RunAsync(PerSecond, Around + length + Around, async index =>
            await callers[index % callers.Count].AskAsync(ManyShops.Name(1 + (index * 31 % ManyShops.Count))) is not null);
        await Task.Delay(Around, TimeProvider.System);
        await SwitchOffAsync(first: 1);
        fleet.Postgres.Stop();
        await Task.Delay(length, TimeProvider.System);
        fleet.Postgres.Start();
        var back = System.Diagnostics.Stopwatch.StartNew();
        await SwitchOffAsync(first: 1 + Changes);
        var lost = 0;
        foreach (var caller in callers)
        {
            lost += await LostAsync(caller);
        }

        var seconds = back.Elapsed.TotalSeconds;
        var answers = await load;
        callers.ForEach(caller => caller.Dispose());
        return new(answers, lost, seconds);
    }

    // Right before the end and right after the beginning; an attempt that is not acknowledged is made again.
    private async Task SwitchOffAsync(int first)
    {
        var flags = fleet.Desk.GetRequiredService<FlagBoard>();
        for (var number = first; number < first + Changes; number++)
        {
            await Eventually.TrueAsync(() => SwitchedAsync(flags, ManyShops.Name(number)), "the change is acknowledged", 60);
        }
    }

    private static async Task<bool> SwitchedAsync(FlagBoard flags, string shop)
    {
        try
        {
            await flags.SetAsync(shop, Features.Chat, false, "benchmark", "a measurement");
            return true;
        }
        catch (Exception failure) when (failure is Npgsql.NpgsqlException or DbUpdateException or InvalidOperationException or TimeoutException)
        {
            return false;
        }
    }

    private static async Task<int> LostAsync(ShopCaller caller)
    {
        var lost = 0;
        for (var number = 1; number <= 2 * Changes; number++)
        {
            var shop = ManyShops.Name(number);
            try
            {
                await Eventually.TrueAsync(async () => await caller.AskAsync(shop) == Reasons.FlagOff, "the change arrives", 30);
            }
            catch (TimeoutException)
            {
                lost++;
            }
        }

        return lost;
    }
}
