using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using ShopifyLlmGuard.Server.Trust;

namespace ShopifyLlmGuard.Server;

internal static class Telemetry
{
    /// <summary>Metrics for Prometheus; pushed by OTLP, with traces, when the standard variable names a collector. No content ever.</summary>
    public static void AddTelemetry(this IServiceCollection services, IConfiguration configuration)
    {
        var metrics = services.AddOpenTelemetry().ConfigureResource(resource => resource.AddService("guard")).WithMetrics(metrics => metrics
            .AddMeter("ShopifyLlmGuard", "ShopifyLlmGuard.*", "Polly", "Microsoft.AspNetCore.Hosting")
            .AddRuntimeInstrumentation()
            .AddView(instrument => instrument.Name.StartsWith("guard.", StringComparison.Ordinal) || instrument.Name.StartsWith("gen_ai.", StringComparison.Ordinal)
                ? null
                : new MetricStreamConfiguration { Name = NameOf(instrument.Name) })
            .AddPrometheusExporter());
        if (!string.IsNullOrEmpty(configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]))
        {
            metrics.WithMetrics(builder => builder.AddOtlpExporter());
            metrics.WithTracing(builder => builder.AddSource(GuardMeter.Name).AddAspNetCoreInstrumentation().AddOtlpExporter());
        }
    }

    // Prometheus keeps "_count" for histograms.
    private static string NameOf(string instrument) =>
        $"guard.{(instrument.EndsWith(".count", StringComparison.Ordinal) ? instrument[..^".count".Length] + ".number" : instrument)}";

    public static void MapTelemetry(this WebApplication app)
    {
        app.MapPrometheusScrapingEndpoint("/metrics").RequireNothing();

        // The first answer comes when everything has started. From then on ready means: it serves, with or without model and database.
        var stopping = app.Lifetime.ApplicationStopping;
        app.MapGet("/healthz/live", () => TypedResults.Ok()).RequireNothing();
        app.MapGet("/healthz/ready", () => stopping.IsCancellationRequested ? Results.StatusCode(StatusCodes.Status503ServiceUnavailable) : Results.Ok()).RequireNothing();
    }
}
