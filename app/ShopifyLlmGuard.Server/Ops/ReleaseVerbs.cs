using System.Data.Common;
using System.Globalization;
using System.Text.Json;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Flags;
using ShopifyLlmGuard.Releases;
using ShopifyLlmGuard.Releases.Golden;

namespace ShopifyLlmGuard.Server.Ops;

/// <summary>The operator's command line for releases.</summary>
internal sealed class ReleaseVerbs(ReleaseDesk desk, GoldenGate gate, ReleaseReader reader, Snapshots snapshots)
{
    public const string Usage = """
        release add NAME FEATURE FILE          keep a release: model, prompt, sampling, limits and golden prompts, as JSON
        release list                           every release, and who answers now
        release status [FEATURE]               the running comparison, signal by signal, and what a rollback would lead to
        release history FEATURE                what happened, newest first
        release test NAME                      ask it its golden prompts; it must pass before it may answer anyone
        release start NAME [--percent 5] [--auto] --reason WHY
                                               let it answer a share of the visitors; --auto widens it while it is good
        release widen FEATURE --percent 25 --reason WHY
        release promote FEATURE --reason WHY   it answers everyone; the one before stays warm
        release rollback FEATURE --reason WHY  back to the one before, in one step
        """;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);
    private static readonly string Actor = Environment.UserName;

    /// <summary>Does what the words say; the exit code of the process.</summary>
    public async Task<int> RunAsync(string[] words, TextWriter output)
    {
        try
        {
            await snapshots.RefreshAsync();
            return words switch
            {
                ["add", var name, var feature, var file] => await AddAsync(name, feature, file, output),
                ["list"] => await ListAsync(output),
                ["status"] => await StatusAsync([.. Features.All.Select(feature => feature.Key)], output),
                ["status", var feature] when Features.Find(feature) is not null => await StatusAsync([feature], output),
                ["history", var feature] => await HistoryAsync(feature, output),
                ["test", var name] => await TestAsync(name, output),
                [var verb, var name, .. var options] when ReleaseWords.Read(options) is { } given => await StepAsync(verb, name, given, output),
                _ => await SayAsync(output, Usage, 2),
            };
        }
        catch (Exception failure) when (failure is DbException or InvalidOperationException or TimeoutException)
        {
            return await SayAsync(output, $"The database did not do that: {failure.GetBaseException().Message}", 1);
        }
    }

    private async Task<int> AddAsync(string name, string feature, string file, TextWriter output)
    {
        ReleaseBundle? bundle;
        try
        {
            await using var stream = File.OpenRead(file);
            bundle = await JsonSerializer.DeserializeAsync<ReleaseBundle>(stream, Json);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or JsonException)
        {
            return await SayAsync(output, $"{file} cannot be read as a release: {problem.Message}", 1);
        }

        var mistakes = await desk.AddAsync(name, feature, bundle ?? new(), Actor);
        return mistakes.Count == 0
            ? await SayAsync(output, $"{name} is kept. Next: release test {name}", 0)
            : await SayAsync(output, $"{name} is not kept:\n{string.Join('\n', mistakes.Select(mistake => $"  - {mistake}"))}", 1);
    }

    private async Task<int> ListAsync(TextWriter output)
    {
        await StatusAsync([.. Features.All.Select(feature => feature.Key)], output);
        foreach (var release in await desk.ListAsync())
        {
            await output.WriteLineAsync($"{release.Id}  {release.Feature}  {release.Bundle.Model ?? "any model"}  since {release.AddedAt:yyyy-MM-dd HH:mm}Z by {release.AddedBy}");
        }

        return 0;
    }

    private async Task<int> StatusAsync(IReadOnlyList<string> features, TextWriter output)
    {
        foreach (var feature in features)
        {
            foreach (var line in ReleaseLines.Of(feature, await reader.ReadAsync(feature)))
            {
                await output.WriteLineAsync(line);
            }
        }

        return 0;
    }

    private async Task<int> HistoryAsync(string feature, TextWriter output)
    {
        foreach (var change in await desk.HistoryAsync(feature))
        {
            await output.WriteLineAsync(
                $"{change.At:yyyy-MM-dd HH:mm:ss}Z  {change.Step}  {change.Stable}{(change.Candidate is null ? "" : $" + {change.Candidate} {change.Percent} %")}  {change.Actor}: {change.Reason}");
        }

        return 0;
    }

    private async Task<int> TestAsync(string name, TextWriter output)
    {
        var run = await gate.RunAsync(name, Actor, result => output.WriteLine(ReleaseLines.Of(result)));
        return run is null ? await SayAsync(output, $"There is no release {name}.", 1)
            : await SayAsync(output, string.Join('\n', ReleaseLines.Golden(run).Select(line => line.Trim())), run.Passed ? 0 : 1);
    }

    private async Task<int> StepAsync(string verb, string name, ReleaseWords given, TextWriter output)
    {
        if (verb is not ("start" or "widen" or "promote" or "rollback") || given.Reason is not { Length: > 0 } reason || (verb == "widen" && given.Percent is null))
        {
            return await SayAsync(output, Usage, 2);
        }

        var problem = verb switch
        {
            "start" => await desk.StartAsync(name, given.Percent ?? 5, given.IsAutomatic, Actor, reason),
            "rollback" => await desk.RollBackAsync(name, Actor, reason),
            _ => await desk.WidenAsync(name, verb == "promote" ? 100 : given.Percent!.Value, Actor, reason),
        };
        return problem is not null ? await SayAsync(output, problem, 1)
            : await StatusAsync([.. Features.All.Select(feature => feature.Key)], output);
    }

    private static async Task<int> SayAsync(TextWriter output, string words, int code)
    {
        await output.WriteLineAsync(words);
        return code;
    }
}

/// <summary>The options of a release verb.</summary>
internal sealed record ReleaseWords(int? Percent, bool IsAutomatic, string? Reason)
{
    /// <summary>Null when one is unknown or lacks its value.</summary>
    public static ReleaseWords? Read(string[] options)
    {
        var words = new ReleaseWords(null, false, null);
        for (var at = 0; at < options.Length; at++)
        {
            var value = at + 1 < options.Length ? options[at + 1] : "";
            switch (options[at])
            {
                case "--auto": words = words with { IsAutomatic = true }; break;
                case "--percent" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var percent): (words, at) = (words with { Percent = percent }, at + 1); break;
                case "--reason" when value.Length is > 0 and <= 500: (words, at) = (words with { Reason = value }, at + 1); break;
                default: return null;
            }
        }

        return words;
    }
}
