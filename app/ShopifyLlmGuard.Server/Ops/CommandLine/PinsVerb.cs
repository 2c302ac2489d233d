using System.Text.Json;
using ShopifyLlmGuard.Data;

namespace ShopifyLlmGuard.Server.Ops.CommandLine;

/// <summary>Pins that hold now.</summary>
internal static class PinsVerb
{
    public static Verb Verb { get; } = new("pins", ["pins [--json]"], "Lists the pins that hold now.", RunAsync);

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    private static async Task<int> RunAsync(IServiceProvider services, string[] words, TextWriter output)
    {
        var arguments = Arguments.Read(words, [], ["--json"]);
        if (arguments.Mistakes.Count > 0 || arguments.Plain.Count > 0)
        {
            return GuardCommand.Refuse(Verb, [.. arguments.Mistakes, .. arguments.Plain.Select(word => $"'{word}' is one word too many.")], output);
        }

        var from = await Board.ReadAsync(services);
        var snapshot = services.GetRequiredService<Snapshots>().Current;
        var now = services.GetRequiredService<TimeProvider>().GetUtcNow();
        var pins = snapshot.Pins.Where(pin => pin.Until is null || pin.Until > now).OrderBy(pin => pin.From).ToList();
        if (arguments.Has("--json"))
        {
            await output.WriteLineAsync(JsonSerializer.Serialize(pins, Json));
            return 0;
        }

        await output.WriteLineAsync(pins.Count == 0 ? $"No pin holds (from {from})." : $"From {from}:");
        foreach (var pin in pins)
        {
            await output.WriteLineAsync(
                $"{pin.Id}  {pin.Shop ?? "every shop"}  {pin.Feature ?? "every feature"}{(pin.Region is null ? "" : $" in {pin.Region}")}  {pin.Mode}  {pin.Holder} {pin.Actor}: {pin.Reason}  since {pin.From:u}  {(pin.Until is { } until ? $"until {until:u}" : "until released")}");
        }

        return 0;
    }
}
