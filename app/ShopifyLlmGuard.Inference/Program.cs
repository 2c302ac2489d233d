using System.Diagnostics.Metrics;
using OpenTelemetry.Metrics;
using ShopifyLlmGuard.Inference.Api;
using ShopifyLlmGuard.Inference.Engine;
using ShopifyLlmGuard.Inference.Heartbeat;
using ShopifyLlmGuard.Inference.Memory;
using ShopifyLlmGuard.Inference.Proxy;

if (args is [ModelTrial.Argument, ..])
{
    return ModelTrial.Run(args);
}

var supervises = args.Contains(Front.Argument);
args = [.. args.Where(argument => argument != Front.Argument)];
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
builder.Services.AddOpenTelemetry().WithMetrics(metrics => metrics
    .AddMeter(InferenceMeter.Name)
    .AddPrometheusExporter(exporter => exporter.ScrapeResponseCacheDurationMilliseconds = 0));
if (options.BeatSocket is null)
{
    builder.Services.AddSingleton<MemoryWatch>();
    builder.Services.AddHostedService(services => services.GetRequiredService<MemoryWatch>());
}
else
{
    WorkerRole.Add(builder);
}

if (supervises)
{
    Front.Add(builder, options, args);
}
else
{
    builder.Services.AddSingleton<InferenceMeter>();
    builder.Services.AddSingleton<ModelHost>();
    builder.Services.AddHostedService(services => services.GetRequiredService<ModelHost>());
}

var app = builder.Build();
app.UseErrorBodies();
if (options.BeatSocket is null)
{
    app.UseMemoryGate();
}

if (supervises)
{
    Front.Map(app, options);
}
else
{
    app.MapChat(options);
    app.MapHealth();
    app.MapRouterMetrics();
    app.MapPrometheusScrapingEndpoint();
    Accelerator.Observe(app.Services.GetRequiredService<IMeterFactory>(), app.Services.GetRequiredService<ModelHost>());
}

using var hangup = supervises
    ? ModelSwap.OnHangup(app.Services, builder.Configuration, builder.Environment.ContentRootPath)
    : null;
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
