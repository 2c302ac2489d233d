using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using ShopifyLlmGuard.Flags;
using ShopifyLlmGuard.Health;
using ShopifyLlmGuard.Incidents.Signals;
using ShopifyLlmGuard.Serving;
using ShopifyLlmGuard.Tests.Faults;

namespace ShopifyLlmGuard.Tests.Incidents;

/// <summary>
/// From a model host that is gone to the mode and back, over the real Prometheus and the real Alertmanager with the files that the
/// repository ships. The shop has a second host that answers, so that the guard by itself stays live: what holds the feature is the alert.
/// </summary>
public sealed class RealAlertmanagerTests
{
    [Fact]
    public async Task A_dead_host_holds_the_feature_by_its_alert_and_its_return_releases_it()
    {
        await using var hosts = FaultyLlm.Start();
        hosts.IsWell = true;
        await using var mortal = FaultProxy.Start(hosts.Port);
        var app = Configured(mortal.Url, hosts.Url);
        await app.InitializeAsync();
        try
        {
            await app.InstallAsync();
            await using var monitoring = await RealMonitoring.StartAsync(app.Client.BaseAddress!, Sent.Secret);
            await UntilAsync(app, new Decision(Mode.Live, null), "both hosts answer");

            mortal.Set(WireFault.Refused);
            await UntilAsync(app, new Decision(Mode.Fallback, Reasons.Pinned), "the alert holds chat");
            var pin = await app.QueryAsync(db => db.Pins.SingleAsync());
            Assert.Equal((PinHolder.Incident, "alertmanager", Features.Chat), (pin.Holder, pin.Actor, pin.Feature));
            Assert.StartsWith("GuardEndpointDown ", pin.Reason, StringComparison.Ordinal);

            mortal.Set(WireFault.None);
            await UntilAsync(app, new Decision(Mode.Live, null), "the end of the alert releases chat");
            Assert.NotNull((await app.QueryAsync(db => db.Pins.SingleAsync())).ReleasedAt);
            var standing = await app.QueryAsync(db => db.SignalStandings.SingleAsync());
            Assert.Equal((SignalState.Resolved, SignalOutcomes.Released), (standing.Signal.State, standing.Outcome));
        }
        finally
        {
            await ((IAsyncLifetime)app).DisposeAsync();
        }
    }

    [Theory]
    [InlineData("promtool", "check", "config", "prometheus.yml")]
    [InlineData("promtool", "check", "rules", "guard.rules.yml")]
    [InlineData("promtool", "test", "rules", "guard.rules.test.yml")]
    [InlineData("amtool", "check-config", "alertmanager.yml")]
    public async Task The_official_tools_have_nothing_against_the_files_that_operators_get(string tool, params string[] words)
    {
        var (exitCode, said) = await RealMonitoring.AskAsync(tool, [.. words[..^1], Path.Combine(RealMonitoring.Shipped, words[^1])]);

        Assert.True(exitCode == 0, said);
    }

    // The health rounds are the test's own, as often as it looks.
    private static Task UntilAsync(GuardApp app, Decision wanted, string what) => DoorApp.UntilAsync(async () =>
    {
        await app.RunAsync<HealthRound>(round => round.RunAsync());
        return app.Services.GetRequiredService<ServingBoard>().Decide(GuardApp.Shop, Features.Chat) == wanted;
    }, what, seconds: 120, milliseconds: 500);

    private static GuardApp Configured(string mortal, string steady) => new GuardApp().Configured()
        .With("Incidents:Rules:0:Match:0", "alertname=GuardEndpointDown").With("Incidents:Rules:0:Match:1", "region=eu-first")
        .With("Health:FailuresToDown", "1").With("Health:GoodToUp", "1").With("Health:ProbeWithin", "00:00:02")
        .With("Llm:Endpoints:0:Id", "mortal").With("Llm:Endpoints:0:Url", mortal).With("Llm:Endpoints:0:Model", "ok.mortal")
        .With("Llm:Endpoints:0:Region", "eu-first").With("Llm:Endpoints:0:Jurisdiction", "EU")
        .With("Llm:Endpoints:1:Id", "steady").With("Llm:Endpoints:1:Url", steady).With("Llm:Endpoints:1:Model", "ok.steady")
        .With("Llm:Endpoints:1:Region", "eu-second").With("Llm:Endpoints:1:Jurisdiction", "EU");
}
