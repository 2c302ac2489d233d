using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace ShopifyLlmGuard.Server;

/// <summary>Where the server listens, what it refuses at the door, and what it says when its configuration is wrong.</summary>
internal static class Startup
{
    /// <summary>127.0.0.1:5080 unless told otherwise, by the usual settings or by Shopify CLI's variables.</summary>
    public static void AddDoor(this WebApplicationBuilder builder)
    {
        var configuration = builder.Configuration;
        if (configuration["urls"] is null && configuration["http_ports"] is null)
        {
            builder.WebHost.UseUrls(configuration["PORT"] is { Length: > 0 } port ? $"http://localhost:{port}" : "http://127.0.0.1:5080");
        }

        // Shopify CLI starts the server with these; HOST is a whole address, not a host.
        configuration.AddInMemoryCollection(
            from pair in new Dictionary<string, string?> { ["HOST"] = "AppUrl", ["SHOPIFY_API_KEY"] = "ClientId", ["SHOPIFY_API_SECRET"] = "ClientSecret" }
            where configuration[$"Shopify:{pair.Value}"] is null && !string.IsNullOrEmpty(configuration[pair.Key])
            select KeyValuePair.Create($"Shopify:{pair.Value}", configuration[pair.Key]));

        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 2 * 1024 * 1024;
            kestrel.Limits.MaxRequestHeadersTotalSize = 16 * 1024;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
            kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(240, TimeSpan.FromSeconds(5));
        });
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(10));
        builder.Services.AddHostedService<StartupGarbage>();
    }

    /// <summary>Checks every option at once, so that the operator sees all mistakes together, one a line.</summary>
    public static bool SaysWhatIsWrong(this WebApplication app)
    {
        try
        {
            app.Services.GetService<IStartupValidator>()?.Validate();
            return false;
        }
        catch (Exception exception) when (exception is OptionsValidationException or AggregateException)
        {
            var mistakes = exception is AggregateException all ? all.InnerExceptions.OfType<OptionsValidationException>() : [(OptionsValidationException)exception];
            Console.Error.WriteLine("The guard server does not start, because its configuration is wrong:");
            foreach (var failure in mistakes.SelectMany(mistake => mistake.Failures).Distinct(StringComparer.Ordinal))
            {
                Console.Error.WriteLine($"  - {failure}");
            }

            return true;
        }
    }
}
