using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Server.Ops.CommandLine;

/// <summary>Releases pins, whoever holds them.</summary>
internal static class UnpinVerb
{
    public static Verb Verb { get; } = new(
        "unpin",
        ["unpin ID --reason TEXT [--actor NAME]", "unpin --all-of-shop DOMAIN --reason TEXT [--actor NAME]", "unpin --all-of-feature KEY --reason TEXT [--actor NAME]", "unpin --all --reason TEXT [--actor NAME]"],
        "Releases one pin, or all of a shop, of a feature or of everything.",
        RunAsync);

    private static async Task<int> RunAsync(IServiceProvider services, string[] words, TextWriter output)
    {
        var arguments = Arguments.Read(words, ["--all-of-shop", "--all-of-feature", "--reason", "--actor"], ["--all"]);
        List<string> mistakes = [.. arguments.Mistakes];
        var id = arguments.Plain is [var text] && Guid.TryParse(text, out var parsed) ? parsed : (Guid?)null;
        var ways = new[] { arguments.Plain.Count > 0, arguments.Has("--all"), arguments.Has("--all-of-shop"), arguments.Has("--all-of-feature") };
        if (ways.Count(way => way) != 1 || (arguments.Plain.Count > 0 && id is null))
        {
            mistakes.Add("Say one pin's ID (guard pins lists them), or one of --all-of-shop, --all-of-feature and --all.");
        }

        if (string.IsNullOrWhiteSpace(arguments["--reason"]) || arguments["--reason"]!.Length > PinRules.LongestReason)
        {
            mistakes.Add($"A reason is needed, of at most {PinRules.LongestReason} characters.");
        }
        else if ($"{arguments["--reason"]}{arguments["--actor"]}".Any(char.IsControl) || arguments["--actor"]?.Length > PinRules.LongestActor)
        {
            mistakes.Add($"Reason and actor are one line each, without control characters; the actor has at most {PinRules.LongestActor} characters.");
        }

        return mistakes.Count > 0 ? GuardCommand.Refuse(Verb, mistakes, output) : await ReleaseAsync(services, arguments, id, output);
    }

    private static async Task<int> ReleaseAsync(IServiceProvider services, Arguments arguments, Guid? id, TextWriter output)
    {
        await services.GetRequiredService<Snapshots>().RefreshAsync();
        var pins = services.GetRequiredService<Snapshots>().Current.Pins.Where(pin => id is not null ? pin.Id == id
            : arguments["--all-of-shop"] is { } shop ? shop.Equals(pin.Shop, StringComparison.OrdinalIgnoreCase)
            : arguments["--all-of-feature"] is not { } feature || pin.Feature == feature).ToList();
        var released = 0;
        foreach (var pin in pins)
        {
            if (await services.GetRequiredService<PinBoard>().ReleaseAsync(pin.Id, arguments["--actor"] ?? Arguments.Author, arguments["--reason"]!.Trim()))
            {
                released++;
                await output.WriteLineAsync($"{pin.Id} is released.");
            }
        }

        if (released == 0)
        {
            await output.WriteLineAsync("No such pin stands.");
        }

        return released > 0 ? 0 : 1;
    }
}
