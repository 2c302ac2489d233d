using Microsoft.Extensions.Options;

namespace ShopifyLlmGuard.Simulator.Platform;

/// <summary>A merchant who installs the app: opens it, and opens it again each second until it is there.</summary>
internal sealed partial class FirstOpen(
    AppDocument document, IHttpClientFactory clients, IOptions<PlatformOptions> platform, TimeProvider clock,
    ILogger<FirstOpen> logger) : BackgroundService
{
    public const string Client = "merchant";

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private const int QuietTries = 10;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        for (var tries = 0; platform.Value.InstallAtStart; tries++)
        {
            var outcome = await OpenAsync(stoppingToken);
            if (outcome is null)
            {
                Log.Opened(logger);
                return;
            }

            if (tries % QuietTries == 0)
            {
                Log.NotYet(logger, outcome);
            }

            await Task.Delay(Pause, clock, stoppingToken);
        }
    }

    /// <returns>Null when the app answered with its page, or what it did instead.</returns>
    private async Task<string?> OpenAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var client = clients.CreateClient(Client);
            using var answer = await client.GetAsync(document.Address("/"), cancellationToken);
            return answer.StatusCode == System.Net.HttpStatusCode.OK ? null : $"status {(int)answer.StatusCode}";
        }
        catch (HttpRequestException e)
        {
            return e.Message;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return "no answer in time";
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "The merchant opened the app for the first time: it is installed.")]
        public static partial void Opened(ILogger logger);

        [LoggerMessage(Level = LogLevel.Information, Message = "The merchant waits for the app to install it: {Outcome}.")]
        public static partial void NotYet(ILogger logger, string outcome);
    }
}
