using OpenTelemetry.Metrics;
using ShopifyLlmGuard.Inference.Api;
using ShopifyLlmGuard.Inference.Engine;

if (args is [ModelTrial.Argument, ..])
{
    return ModelTrial.Run(args);
}

// The settings beside the program count, wherever it is started from.
var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
var (options, mistakes) = InferenceOptions.Read(builder.Configuration, builder.Environment.ContentRootPath);
if (mistakes.Count > 0)
{
    Console.Error.WriteLine($"Cannot start: {string.Join("; ", mistakes)}.");
    return 1;
}

builder.WebHost.ConfigureKestrel(kestrel =>
{
    kestrel.AddServerHeader = false;
    kestrel.Limits.MaxRequestBodySize = options.MaxBodyBytes;
    kestrel.RequireKeyBeyondLoopback(options.ApiKey);
});
builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(5));
builder.Services.AddSingleton(TimeProvider.System);
builder.Services.AddSingleton(options);
builder.Services.AddSingleton<InferenceMeter>();
builder.Services.AddSingleton<ModelHost>();
builder.Services.AddHostedService(services => services.GetRequiredService<ModelHost>());
builder.Services.AddOpenTelemetry().WithMetrics(metrics => metrics
    .AddMeter(InferenceMeter.Name)
    .AddPrometheusExporter(exporter => exporter.ScrapeResponseCacheDurationMilliseconds = 0));

var app = builder.Build();
app.UseErrorBodies();
app.MapChat(options);
app.MapHealth();
app.MapPrometheusScrapingEndpoint();
try
{
    app.Run();
    return Environment.ExitCode;
}
catch (OperationCanceledException)
{
    // Stopped before it had started; whoever stopped it has said why.
    return Environment.ExitCode;
}
catch (Exception error) when (error is IOException or UnprotectedAddressException)
{
    // The address is taken, not this machine's, or everybody's.
    Console.Error.WriteLine($"Cannot start: {error.Message}");
    return 1;
}
