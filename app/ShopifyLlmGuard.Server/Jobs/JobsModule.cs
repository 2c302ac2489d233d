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
        var desk = app.Services.GetRequiredService<PublicationDesk>();
        var last = 0;
        app.Services.GetRequiredService<Snapshots>().Changed += snapshot =>
        {
            var wanted = snapshot.Shops.Keys.SelectMany(desk.Features).Aggregate(0, (sum, publication) => sum ^ publication.GetHashCode());
            if (Interlocked.Exchange(ref last, wanted) != wanted)
            {
                _ = Task.Run(() => scheduler.Hurry(rounds => rounds.PublishAsync(CancellationToken.None)));
            }
        };
    }
}
