using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Serving;
using ShopifyLlmGuard.Serving.Bypassing;
using ShopifyLlmGuard.Server.Ops.Bypassing;

namespace ShopifyLlmGuard.Server.Ops.CommandLine;

/// <summary>
/// The bypass from the command line, on every way that there is: by signed message to every server, through the data directory
/// of the server on this machine, and through the database. Any of them is enough for a server; confirmed means it has said so.
/// </summary>
internal static class BypassVerb
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    // A process that has just begun asks its first query slowly, and nobody waits for this one but the operator.
    private static readonly TimeSpan StoreLimit = TimeSpan.FromSeconds(15);

    public static Verb Verb { get; } = new(
        "bypass",
        ["bypass on --reason TEXT [--actor NAME] [--shop DOMAIN] [--server URL]...", "bypass off --reason TEXT [--actor NAME] [--shop DOMAIN] [--server URL]...", "bypass status [--server URL]..."],
        "Switches all AI to prepared content at once, with or without a database, and back.",
        RunAsync);

    private static Task<int> RunAsync(IServiceProvider services, string[] words, TextWriter output)
    {
        var arguments = Arguments.Read(words, ["--reason", "--actor", "--shop", "--server"], []);
        List<string> mistakes = [.. arguments.Mistakes, .. arguments.Options["--server"].Where(server => !BypassOptionsRules.IsAddress(server)).Select(server => $"'{server}' is no http or https address.")];
        if (arguments.Plain is not ["on" or "off" or "status"])
        {
            mistakes.Add("Say on, off or status.");
        }

        if (mistakes.Count > 0)
        {
            return Task.FromResult(GuardCommand.Refuse(Verb, mistakes, output));
        }

        IReadOnlyList<string> servers = arguments.Has("--server") ? [.. arguments.Options["--server"]] : Servers(services);
        return arguments.Plain[0] == "status" ? TellStatusAsync(services, servers, output) : DecideAsync(services, arguments, servers, output);
    }

    private static async Task<int> DecideAsync(IServiceProvider services, Arguments arguments, IReadOnlyList<string> servers, TextWriter output)
    {
        var shop = arguments["--shop"]?.ToLowerInvariant();
        var decision = BypassDecision.Make(
            arguments.Plain[0] == "on", shop, BypassWay.Command, arguments["--actor"] ?? Arguments.Author,
            arguments["--reason"]?.Trim() ?? "", services.GetRequiredService<TimeProvider>(), Standing(services, shop));
        if (decision.Mistakes().ToList() is { Count: > 0 } mistakes)
        {
            return GuardCommand.Refuse(Verb, mistakes, output);
        }

        var told = await TellAsync(services, servers, decision);

        // A clock that is behind must not keep an operator from being the last to decide: once by what the servers say, and once by what
        // only the database knew. No server waits for the database.
        if (told.Newer is { } newer)
        {
            told = await TellAsync(services, servers, After(decision, newer));
        }

        await SayAsync(told, output);
        if (NewerOf(told.Decision, [Standing(services, shop)]) is { } late && told.Newer is null)
        {
            told = await TellAsync(services, servers, After(decision, late));
            await SayAsync(told, output);
        }

        return told.Replies.All(reply => reply.Confirmed) ? 0 : 1;
    }

    private static BypassDecision After(BypassDecision decision, BypassDecision newer) => (decision with { Id = Guid.CreateVersion7(newer.At) }).Behind(newer);

    private static async Task<Told> TellAsync(IServiceProvider services, IReadOnlyList<string> servers, BypassDecision decision)
    {
        var storing = StoreAsync(services, decision);
        var call = services.GetRequiredService<BypassCall>();
        var answers = await Task.WhenAll(servers.Select(server => call.TellAsync(server, decision, relayed: servers.Count > 1, Limit)));
        var newer = NewerOf(decision, answers.Select(answer => answer.Body?.Standing).Append(Standing(services, decision.Shop)));
        return new(decision, [.. answers.Select(answer => answer.Reply)], storing, newer);
    }

    private static async Task SayAsync(Told told, TextWriter output)
    {
        foreach (var reply in told.Replies)
        {
            await output.WriteLineAsync(reply.Confirmed
                ? $"{reply.Server}: {(told.Decision.On ? "on" : "off")}, confirmed after {reply.Milliseconds:0} ms"
                : $"{reply.Server}: NOT CONFIRMED: {reply.Problem}");
        }

        await output.WriteLineAsync(await told.Storing);
    }

    private static BypassDecision? NewerOf(BypassDecision decision, IEnumerable<BypassDecision?> standing) =>
        standing.OfType<BypassDecision>().Where(other => other.Id != decision.Id && other.IsNewerThan(decision)).MaxBy(other => other.At);

    // What this machine knows; an operator's own may know nothing, and have no settings but an address and a secret.
    private static BypassDecision? Standing(IServiceProvider services, string? shop)
    {
        try
        {
            return services.GetRequiredService<Bypass>().Standing(shop);
        }
        catch (Exception unset) when (unset is InvalidOperationException or OptionsValidationException or ArgumentException)
        {
            return null;
        }
    }

    private static async Task<string> StoreAsync(IServiceProvider services, BypassDecision decision)
    {
        using var limit = new CancellationTokenSource(StoreLimit);
        try
        {
            // Its store tells every server by notification; until then it lies where the server of this machine looks.
            var bypass = services.GetRequiredService<Bypass>();
            bypass.Take(decision);
            var answers = await services.GetRequiredService<BypassStore>().TryStoreAsync(limit.Token);
            return !answers ? "The database does not answer; a server brings it there when it is back."
                : bypass.Refused.Any(one => one.Id == decision.Id) ? "The database does not take it; it counts only where it is confirmed."
                : bypass.Standing(decision.Shop) is { } standing && standing.Id != decision.Id
                    ? $"The database has it, and a newer decision stands there: {(standing.On ? "on" : "off")} by {standing.Author} at {standing.At:u} ({standing.Reason})."
                    : "The database has it.";
        }
        catch (Exception away) when (away is OperationCanceledException or DbException or DbUpdateException or InvalidOperationException or OptionsValidationException)
        {
            return $"The database was not told from here: {away.GetBaseException().Message} The servers that confirmed bring it there.";
        }
    }

    private static async Task<int> TellStatusAsync(IServiceProvider services, IReadOnlyList<string> servers, TextWriter output)
    {
        var answers = await Task.WhenAll(servers.Select(async server => (Server: server, Answer: await services.GetRequiredService<BypassCall>().AskAsync(server, Limit))));
        foreach (var (server, (body, problem)) in answers)
        {
            await output.WriteLineAsync(body is null ? $"{server}: NO ANSWER: {problem}" : $"{server}: {(body.On ? "ON" : "off")}; shops switched by their staff: {body.Shops}");
            foreach (var hold in body?.Holds ?? [])
            {
                await output.WriteLineAsync($"  {hold.Way.ToString().ToLowerInvariant()}, by {hold.Author} since {hold.Since:u}: {hold.Reason}");
            }
        }

        return answers.All(answer => answer.Answer.Body is not null) ? 0 : 1;
    }

    // Without a list there is the server of this machine.
    private static IReadOnlyList<string> Servers(IServiceProvider services)
    {
        var listed = services.GetRequiredService<IOptions<GuardOptions>>().Value.Servers;
        var own = services.GetRequiredService<IConfiguration>()["urls"]?.Split(';')[0] is { Length: > 0 } url ? url : "http://127.0.0.1:5080";
        return listed.Count > 0 ? [.. listed] : [own];
    }

    /// <summary>What came of telling everybody.</summary>
    /// <param name="Decision">What they were told.</param>
    /// <param name="Replies">Every server's answer.</param>
    /// <param name="Storing">How the database takes it, in words.</param>
    /// <param name="Newer">A decision that won against it; null when none did.</param>
    private sealed record Told(BypassDecision Decision, IReadOnlyList<ServerReply> Replies, Task<string> Storing, BypassDecision? Newer);
}
