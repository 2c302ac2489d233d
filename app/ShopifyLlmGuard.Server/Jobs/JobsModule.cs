using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Server.Jobs;

/// <summary>Section <c>Jobs</c>.</summary>
internal sealed class JobOptions
{
    /// <summary>Off for a server that only answers, while others do the recurring work.</summary>
    public bool Run { get; set; } = true;
}

internal static class JobsModule
{
    public static IServiceCollection AddJobs(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton<RunningRounds>();
        services.AddTransient(provider => new Rounds(provider, provider.GetRequiredService<RunningRounds>()));
        services.AddSingleton<Scheduler>();
        if (configuration.GetSection("Jobs").Get<JobOptions>() is null or { Run: true })
        {
            services.AddHostedService(provider => provider.GetRequiredService<Scheduler>());
        }

        return services;
    }

    /// <summary>What was decided should be on Shopify soon, not at the next turn.</summary>
    public static void PublishChanges(this WebApplication app)
    {
        var scheduler = app.Services.GetRequiredService<Scheduler>();
        var snapshots = app.Services.GetRequiredService<Snapshots>();
        var last = snapshots.Current;
        app.Services.GetRequiredService<ServingLedger>().OutboxFilled += Hurry;
        snapshots.Changed += snapshot =>
        {
            // Modes go through the ledger; these go into the outbox with the change itself.
            var before = Interlocked.Exchange(ref last, snapshot);
            if (before.Fallbacks != snapshot.Fallbacks || before.Shops != snapshot.Shops)
            {
                Hurry();
            }
        };

        void Hurry() => _ = Task.Run(() => scheduler.Hurry(rounds => rounds.PublishAsync(CancellationToken.None)));
    }
}
