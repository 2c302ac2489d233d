using System.Text.Json;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Health;
using ShopifyLlmGuard.Serving;
using ShopifyLlmGuard.Serving.Bypassing;

namespace ShopifyLlmGuard.Server.Ops.CommandLine;

/// <summary>What every shop, or one, is served and why.</summary>
internal static class StatusVerb
{
    public static Verb Verb { get; } = new(
        "status", ["status [--shop DOMAIN] [--json]"], "Tells modes, reasons, pins, the bypass and the endpoints.", RunAsync);

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    private static async Task<int> RunAsync(IServiceProvider services, string[] words, TextWriter output)
    {
        var arguments = Arguments.Read(words, ["--shop"], ["--json"]);
        if (arguments.Mistakes.Count > 0 || arguments.Plain.Count > 0)
        {
            return GuardCommand.Refuse(Verb, [.. arguments.Mistakes, .. arguments.Plain.Select(word => $"'{word}' is one word too many.")], output);
        }

        var from = await Board.ReadAsync(services);
        var snapshot = services.GetRequiredService<Snapshots>().Current;
        if (arguments["--shop"] is { } one && !snapshot.Shops.ContainsKey(one))
        {
            await output.WriteLineAsync($"No shop '{one}' has the app (from {from}).");
            return 1;
        }

        var shops = snapshot.Shops.Keys.Where(shop => arguments["--shop"] is null || shop == arguments["--shop"]).Order(StringComparer.Ordinal);
        var status = Of(services, from, snapshot.LoadedAt, shops);
        await (arguments.Has("--json") ? output.WriteLineAsync(JsonSerializer.Serialize(status, Json)) : WriteAsync(status, output));
        return snapshot.LoadedAt == DateTimeOffset.MinValue ? 1 : 0;
    }

    private static Status Of(IServiceProvider services, string from, DateTimeOffset at, IEnumerable<string> shops)
    {
        var board = services.GetRequiredService<ServingBoard>();
        return new Status(
            from, at, services.GetRequiredService<Bypass>().Holds(), services.GetRequiredService<HealthBoard>().Read(),
            [.. from shop in shops from state in board.Read(shop)
                select new FeatureStatus(shop, state.Feature.Key, state.Mode, state.Reason, state.Detail, state.Since, state.Pin)]);
    }

    private static async Task WriteAsync(Status status, TextWriter output)
    {
        await output.WriteLineAsync($"From {status.From}.");
        await output.WriteLineAsync(status.Bypass.Count == 0 ? "Bypass: off" : "Bypass: ON");
        foreach (var hold in status.Bypass)
        {
            await output.WriteLineAsync($"  {hold.Way.ToString().ToLowerInvariant()}, by {hold.Author} since {hold.Since:u}: {hold.Reason}");
        }

        foreach (var endpoint in status.Endpoints)
        {
            await output.WriteLineAsync($"Endpoint {endpoint.Endpoint} ({endpoint.Region}, {endpoint.Jurisdiction}): {endpoint.State} {endpoint.Detail}".TrimEnd());
        }

        foreach (var feature in status.Features)
        {
            var pin = feature.Pin is null ? "" : $" [pin {feature.Pin.Id}]";
            await output.WriteLineAsync($"{feature.Shop}  {feature.Feature}  {feature.Mode}  {feature.Reason ?? "-"}  {feature.Detail}{pin}".TrimEnd());
        }
    }

    private sealed record Status(
        string From, DateTimeOffset At, IReadOnlyList<BypassHold> Bypass, IReadOnlyList<EndpointHealth> Endpoints, IReadOnlyList<FeatureStatus> Features);

    private sealed record FeatureStatus(
        string Shop, string Feature, Mode Mode, string? Reason, string? Detail, DateTimeOffset? Since, Pin? Pin);
}
