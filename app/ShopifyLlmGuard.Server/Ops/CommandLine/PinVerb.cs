using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Server.Ops.CommandLine;

/// <summary>Holds a mode. Every shop or every feature must be said, so that a forgotten word does not hold more than was meant.</summary>
internal static class PinVerb
{
    public static Verb Verb { get; } = new(
        "pin",
        ["pin (--shop DOMAIN | --all-shops) (--feature KEY | --all-features) --mode Live|Fallback|Off --reason TEXT [--for 30m|2h|7d] [--actor NAME]"],
        "Holds a mode until its time is over or somebody releases it.",
        RunAsync);

    private static async Task<int> RunAsync(IServiceProvider services, string[] words, TextWriter output)
    {
        var arguments = Arguments.Read(words, ["--shop", "--feature", "--mode", "--for", "--reason", "--actor"], ["--all-shops", "--all-features"]);
        var isMode = Enum.TryParse<Mode>(arguments["--mode"], ignoreCase: true, out var mode) && Enum.IsDefined(mode);
        var length = arguments["--for"] is { } text ? Arguments.Length(text) : null;
        List<string> mistakes =
        [
            .. arguments.Mistakes, .. arguments.Plain.Select(word => $"'{word}' is one word too many."),
            .. arguments.Has("--shop") == arguments.Has("--all-shops") ? ["Say either --shop DOMAIN or --all-shops."] : Array.Empty<string>(),
            .. arguments.Has("--feature") == arguments.Has("--all-features") ? ["Say either --feature KEY or --all-features."] : Array.Empty<string>(),
            .. isMode ? Array.Empty<string>() : ["--mode must be Live, Fallback or Off."],
            .. arguments.Has("--for") && length is null ? ["--for must be like 90s, 30m, 2h or 7d."] : Array.Empty<string>(),
        ];
        if (mistakes.Count > 0)
        {
            return GuardCommand.Refuse(Verb, mistakes, output);
        }

        await Board.ReadAsync(services);
        return await PinAsync(services.GetRequiredService<PinBoard>(), new PinRequest(
            arguments["--shop"]?.ToLowerInvariant(), arguments["--feature"], mode, PinHolder.Human, arguments["--actor"] ?? Arguments.Author,
            arguments["--reason"]?.Trim() ?? "", length), output);
    }

    private static async Task<int> PinAsync(PinBoard board, PinRequest request, TextWriter output)
    {
        if (board.Mistakes(request) is { Count: > 0 } mistakes)
        {
            return GuardCommand.Refuse(Verb, mistakes, output);
        }

        var pin = await board.PinAsync(request);
        await output.WriteLineAsync($"{pin.Id} holds {pin.Feature ?? "every feature"} of {pin.Shop ?? "every shop"} at {pin.Mode}{(pin.Until is { } until ? $" until {until:u}" : "")}.");
        return 0;
    }
}
