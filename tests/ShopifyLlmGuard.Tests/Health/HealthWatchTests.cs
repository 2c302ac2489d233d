using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Flags;
using ShopifyLlmGuard.Serving;
using ShopifyLlmGuard.Tests.Llm;

namespace ShopifyLlmGuard.Tests.Health;

/// <summary>The watch alone, without any schedule.</summary>
public sealed class HealthWatchTests
{
    private static readonly (string, string?)[] Often = [("Health:Every", "00:00:00.2"), ("Health:RecheckEvery", "00:00:00.1")];

    [Fact]
    public async Task A_dead_host_is_found_and_its_return_noticed()
    {
        var llm = await ScriptedLlm.StartAsync();
        var url = llm.Url;
        await using var guard = await LlmGuard.StartAsync(llm, Often);
        await llm.DisposeAsync();
        await Guard.UntilAsync(() => Read(guard).Reason == Reasons.NoEligibleEndpoint, "the watch finds the dead host");
        await using var back = await ScriptedLlm.StartAsync(url);
        await Guard.UntilAsync(() => Read(guard).Mode == Mode.Live, "the watch finds it again");
    }

    [Fact]
    public async Task A_round_that_fails_as_nobody_foresaw_is_not_the_last_one()
    {
        await using var llm = await ScriptedLlm.StartAsync();
        MoodyDatabases databases = null!;
        await using var guard = await Guard.StartAsync(
            services: services => services.AddSingleton<IDbContextFactory<GuardDb>>(provider =>
                databases = new(provider.GetRequiredService<DbContextOptions<GuardDb>>())),
            settings: [("Llm:Endpoints:0:Id", "local-1"), ("Llm:Endpoints:0:Url", llm.Url), ("Llm:Endpoints:0:Region", "eu-test"),
                ("Llm:Endpoints:0:Jurisdiction", "EU"), ("Llm:Endpoints:0:Model", "scripted"), .. Often]);
        await guard.InstallAsync(withProducts: false);
        databases.IsMoody = true;
        await Guard.UntilAsync(() => guard.Logs.All.Any(line => line.Contains("A health round failed", StringComparison.Ordinal)), "a round fails");

        databases.IsMoody = false;
        await llm.DisposeAsync();
        await Guard.UntilAsync(() => Read(guard).Reason == Reasons.NoEligibleEndpoint, "the watch goes on");
    }

    private static ServingState Read(Guard guard) =>
        guard.Get<ServingBoard>().Read(Guard.Shop).Single(state => state.Feature.Key == Features.Chat);

    private sealed class MoodyDatabases(DbContextOptions<GuardDb> options) : IDbContextFactory<GuardDb>
    {
        public volatile bool IsMoody;

        public GuardDb CreateDbContext() => IsMoody ? throw new NotSupportedException("A mood that no filter names.") : new GuardDb(options);
    }
}
