using Microsoft.Extensions.DependencyInjection;
using ShopifyLlmGuard.Incidents.Formats;
using ShopifyLlmGuard.Incidents.Signals;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Tests.Incidents;

/// <summary>A server at whose door every source may deliver, with one rule: the GPU is gone, so chat is held.</summary>
internal static class DoorApp
{
    public static GuardApp Configured(this GuardApp app)
    {
        foreach (var source in IncidentSources.All)
        {
            app.With($"Incidents:Sources:{source}:Secrets:0", source == IncidentSources.Datadog ? $"datadog:{Sent.OtherSecret}" : Sent.OtherSecret)
                .With($"Incidents:Sources:{source}:Secrets:1", source == IncidentSources.Datadog ? $"datadog:{Sent.Secret}" : Sent.Secret);
        }

        return app
            .With("Incidents:Sources:newrelic:Proof", "header").With("Incidents:Sources:newrelic:Header", "X-Api-Key")
            .With("Incidents:Sources:datadog:Proof", "basic").With("Incidents:Sources:grafana:TimestampHeader", "X-Signed-At")
            .With("Incidents:Rules:0:Name", "critical-holds-chat").With("Incidents:Rules:0:Match:0", "severity=critical")
            .With("Incidents:Rules:0:Features:0", "chat");
    }

    /// <summary>The modes that incidents hold now, and by whom.</summary>
    public static string[] Held(this GuardApp app) =>
    [
        .. app.Services.GetRequiredService<ShopifyLlmGuard.Data.Snapshots>().Current.Pins.Where(pin => pin.Holder == PinHolder.Incident)
            .Select(pin => $"{pin.Actor} {pin.Feature} {pin.Mode}").Order(StringComparer.Ordinal),
    ];

    /// <summary>Runs the inbox empty.</summary>
    public static Task WorkOffAsync(this GuardApp app) => app.RunAsync<SignalRound>(round => round.RunAsync(CancellationToken.None));

    /// <summary>Waits until something has become true that takes asking; fails after the limit.</summary>
    public static async Task UntilAsync(Func<Task<bool>> isTrue, string what, int seconds = 20, int milliseconds = 50)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(milliseconds));
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        while (!await isTrue())
        {
            Assert.True(!limit.IsCancellationRequested, $"Waited {seconds} s in vain: {what}.");
            await timer.WaitForNextTickAsync();
        }
    }
}
