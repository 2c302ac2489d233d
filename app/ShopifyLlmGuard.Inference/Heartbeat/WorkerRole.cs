namespace ShopifyLlmGuard.Inference.Heartbeat;

/// <summary>What a host does besides, when a front has started it.</summary>
internal static class WorkerRole
{
    public static void Add(WebApplicationBuilder builder)
    {
        Libc.DieWithParent();
        // It would hold what shoppers wrote.
        Libc.LeaveNoCore();
        BeFirstToGo();
        // Listens where the front says, and not where the settings of the front's own server do.
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Configure());
        builder.Services.AddHostedService<Heart>();
    }

    // When memory runs out the kernel ends the worker, which starts again, rather than the front or a database beside it.
    private static void BeFirstToGo()
    {
        try
        {
            File.WriteAllText("/proc/self/oom_score_adj", "500");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Then the kernel chooses as it always does.
        }
    }
}
