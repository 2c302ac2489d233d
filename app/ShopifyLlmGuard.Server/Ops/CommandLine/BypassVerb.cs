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
        var decision = BypassDecision.Make(
            arguments.Plain[0] == "on", arguments["--shop"]?.ToLowerInvariant(), BypassWay.Command, arguments["--actor"] ?? Arguments.Author,
            arguments["--reason"]?.Trim() ?? "", services.GetRequiredService<TimeProvider>());
        if (decision.Mistakes().ToList() is { Count: > 0 } mistakes)
        {
            return GuardCommand.Refuse(Verb, mistakes, output);
        }

        var storing = StoreAsync(services, decision);
        var replies = await Task.WhenAll(servers.Select(server => TellAsync(services, server, decision, relayed: servers.Count > 1)));
        foreach (var reply in replies)
        {
            await output.WriteLineAsync(reply.Confirmed
                ? $"{reply.Server}: {arguments.Plain[0]}, confirmed after {reply.Milliseconds:0} ms"
                : $"{reply.Server}: NOT CONFIRMED: {reply.Problem}");
        }

        await output.WriteLineAsync(await storing);
        return replies.All(reply => reply.Confirmed) ? 0 : 1;
    }

    // A clock that is behind must not keep an operator from being the last to decide.
    private static async Task<ServerReply> TellAsync(IServiceProvider services, string server, BypassDecision decision, bool relayed)
    {
        var call = services.GetRequiredService<BypassCall>();
        var (reply, body) = await call.TellAsync(server, decision, relayed, Limit);
        if (reply.Confirmed || body?.Standing is not { } newer || newer.At < decision.At)
        {
            return reply;
        }

        var later = newer.At.AddMilliseconds(1);
        return (await call.TellAsync(server, decision with { Id = Guid.CreateVersion7(later), At = later }, relayed, Limit)).Reply;
    }

    private static async Task<string> StoreAsync(IServiceProvider services, BypassDecision decision)
    {
        using var limit = new CancellationTokenSource(Limit);
        try
        {
            // Its store tells every server by notification; until then it lies where the server of this machine looks.
            services.GetRequiredService<Bypass>().Take(decision);
            return await services.GetRequiredService<BypassStore>().TryStoreAsync(limit.Token)
                ? "The database has it." : "The database does not answer; a server brings it there when it is back.";
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
}
