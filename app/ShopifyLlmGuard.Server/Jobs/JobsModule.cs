using ShopifyLlmGuard.Data;

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
        services.AddSingleton<RoundTimes>();
        services.AddTransient(provider => new Rounds(provider, provider.GetRequiredService<RoundTimes>()));
        services.AddSingleton<Scheduler>();
        if (configuration.GetSection("Jobs").Get<JobOptions>() is null or { Run: true })
        {
            services.AddHostedService(provider => provider.GetRequiredService<Scheduler>());
            services.AddHostedService<OverdueHealth>();
        }

        return services;
    }

    /// <summary>What was decided should be on Shopify soon, not at the next turn.</summary>
    public static void PublishChanges(this WebApplication app)
    {
        var scheduler = app.Services.GetRequiredService<Scheduler>();
        app.Services.GetRequiredService<Snapshots>().Changed += _ => scheduler.Hurry(rounds => rounds.PublishAsync(CancellationToken.None));
    }
}
