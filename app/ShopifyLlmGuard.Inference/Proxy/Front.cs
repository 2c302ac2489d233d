using System.Diagnostics.Metrics;
using ShopifyLlmGuard.Inference.Engine;
using ShopifyLlmGuard.Inference.Supervision;

namespace ShopifyLlmGuard.Inference.Proxy;

/// <summary>The process that listens, owns no model, and keeps the one alive that does: <c>--supervise</c>.</summary>
internal static class Front
{
    public const string Argument = "--supervise";

    public static void Add(WebApplicationBuilder builder, InferenceOptions options, IReadOnlyList<string> arguments)
    {
        builder.Services.AddHttpForwarder();
        builder.Services.AddSingleton(services => new Workers(
            arguments, options, services.GetRequiredService<TimeProvider>(), services.GetRequiredService<ILogger<Workers>>()));
        builder.Services.AddSingleton<Serving>();
        builder.Services.AddSingleton<Restarts>();
        builder.Services.AddSingleton<WorkerWatch>();
        builder.Services.AddSingleton<Forwarding>();
        builder.Services.AddSingleton<Supervisor>();
        builder.Services.AddHostedService(services => services.GetRequiredService<Supervisor>());
        // It tells every failed request with a stack; the front says what matters itself.
        builder.Logging.AddFilter("Yarp", LogLevel.None);
    }

    public static void Map(WebApplication app, InferenceOptions options)
    {
        FrontMetrics.Observe(
            app.Services.GetRequiredService<IMeterFactory>(), app.Services.GetRequiredService<Serving>(), app.Services.GetRequiredService<Restarts>());
        app.Map("/v1/{**rest}", (HttpContext http, Forwarding forwarding) => forwarding.ForwardAsync(http));
        // Other forms of the worker's metrics; those of the front are not in them.
        app.MapGet("/metrics/{**rest}", (HttpContext http, Forwarding forwarding) => forwarding.ForwardAsync(http));
        FrontHealth.Map(app);
        ModelSwap.Map(app, options);
        app.UseWhen(http => http.Request.Path == "/metrics", branch => branch.Use(FrontMetrics.AddWorkerAsync).UseOpenTelemetryPrometheusScrapingEndpoint());
    }
}
