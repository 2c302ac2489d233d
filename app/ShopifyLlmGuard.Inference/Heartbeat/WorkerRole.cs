namespace ShopifyLlmGuard.Inference.Heartbeat;

/// <summary>What a host does besides, when a front has started it.</summary>
internal static class WorkerRole
{
    public static void Add(WebApplicationBuilder builder)
    {
        Libc.DieWithParent();
        // Listens where the front says, and not where the settings of the front's own server do.
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Configure());
        builder.Services.AddHostedService<Heart>();
    }
}
