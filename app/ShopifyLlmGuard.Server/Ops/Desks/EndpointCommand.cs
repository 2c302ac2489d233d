using System.Data.Common;
using System.Globalization;
using Microsoft.EntityFrameworkCore;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Llm;
using ShopifyLlmGuard.Llm.Endpoints;

namespace ShopifyLlmGuard.Server.Ops.Desks;

/// <summary>The operator's command line for endpoints: <c>endpoints list</c>, <c>endpoints put ID</c>, <c>endpoints remove ID</c>.</summary>
internal sealed class EndpointCommand(EndpointDesk desk, EndpointList list, Snapshots snapshots)
{
    private const string Usage = """
        ShopifyLlmGuard.Server endpoints list
        ShopifyLlmGuard.Server endpoints put ID --reason TEXT [--url URL] [--region R] [--jurisdiction J] [--model M]
          [--operator O] [--attestation A] [--attested-until 2027-01-31] [--device D] [--weight 1] [--concurrency 16]
          [--key-from VARIABLE] [--enabled yes|no]        what is not named stays as it is
        ShopifyLlmGuard.Server endpoints remove ID --reason TEXT
        """;

    /// <summary>Does what the words say; the exit code of the process.</summary>
    public async Task<int> RunAsync(string[] words, TextWriter output)
    {
        try
        {
            return words switch
            {
                ["list"] => await ListAsync(output),
                ["put", var id, .. var options] when ChangeOf(options) is { } change => await PutAsync(id, change, output),
                ["remove", var id, "--reason", { Length: > 0 } reason] => await RemoveAsync(id, reason, output),
                _ => await SayAsync(output, Usage, 2),
            };
        }
        catch (Exception failure) when (failure is DbException or DbUpdateException or InvalidOperationException or TimeoutException)
        {
            return await SayAsync(output, $"The database did not do that: {failure.GetBaseException().Message}", 1);
        }
    }

    private async Task<int> ListAsync(TextWriter output)
    {
        await snapshots.RefreshAsync();
        var table = snapshots.Current.EndpointTable.Where(version => version.Settings is not null).ToDictionary(version => version.Endpoint, StringComparer.Ordinal);
        foreach (var endpoint in list.Described)
        {
            var attested = endpoint.AttestedUntil is { } until ? $"attested until {until:yyyy-MM-dd}" : "not attested";
            var source = table.TryGetValue(endpoint.Id, out var saved) ? $"table, {saved.SavedAt:yyyy-MM-dd} by {saved.Author}: {saved.Reason}" : "configuration";
            await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
                $"{endpoint.Id}  {endpoint.Url}  {endpoint.Model}  {endpoint.Region}  {endpoint.Jurisdiction}  {attested}  {(list.Current.Contains(endpoint) ? "in service" : "not in service")}  {source}"));
        }

        return 0;
    }

    private async Task<int> PutAsync(string id, Change change, TextWriter output)
    {
        await snapshots.RefreshAsync();
        var before = list.Described.FirstOrDefault(endpoint => endpoint.Id == id) ?? new LlmEndpoint { Id = id };
        var mistakes = await desk.SaveAsync(change.Of(before), Environment.UserName, change.Reason);
        foreach (var mistake in mistakes)
        {
            await output.WriteLineAsync(mistake);
        }

        return mistakes.Count > 0 ? await SayAsync(output, "Nothing was saved.", 1) : await SayAsync(output, $"{id} is saved; all servers hear of it now.", 0);
    }

    private async Task<int> RemoveAsync(string id, string reason, TextWriter output)
    {
        await snapshots.RefreshAsync();
        if (!snapshots.Current.EndpointTable.Any(version => version.Endpoint == id && version.Settings is not null))
        {
            return await SayAsync(output, $"The table has no endpoint {id}; one of the configuration is taken out there, or with put {id} --enabled no.", 1);
        }

        await desk.RemoveAsync(id, Environment.UserName, reason);
        return await SayAsync(output, $"{id} is out of the table.", 0);
    }

    private static Change? ChangeOf(string[] options)
    {
        Func<LlmEndpoint, LlmEndpoint> change = endpoint => endpoint;
        var reason = "";
        for (var at = 0; at < options.Length; at += 2)
        {
            var value = at + 1 < options.Length ? options[at + 1] : "";
            if (options[at] == "--reason")
            {
                reason = value;
            }
            else if (value.Length > 0 && Field(options[at], value) is { } next)
            {
                var before = change;
                change = endpoint => next(before(endpoint));
            }
            else
            {
                return null;
            }
        }

        return string.IsNullOrWhiteSpace(reason) ? null : new Change(change, reason);
    }

    private static Func<LlmEndpoint, LlmEndpoint>? Field(string name, string value) => name switch
    {
        "--url" => endpoint => endpoint with { Url = value },
        "--region" => endpoint => endpoint with { Region = value },
        "--jurisdiction" => endpoint => endpoint with { Jurisdiction = value },
        "--model" => endpoint => endpoint with { Model = value },
        "--operator" => endpoint => endpoint with { Operator = value },
        "--attestation" => endpoint => endpoint with { Attestation = value },
        "--device" => endpoint => endpoint with { Device = value },
        "--enabled" when value is "yes" or "no" => endpoint => endpoint with { Enabled = value == "yes" },
        "--attested-until" when DateTimeOffset.TryParse(value, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var until) =>
            endpoint => endpoint with { AttestedUntil = until },
        "--weight" when double.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var weight) => endpoint => endpoint with { Weight = weight },
        "--concurrency" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var most) => endpoint => endpoint with { Concurrency = most },
        // Other users of the machine can read a process's arguments, so that a key never stands in one.
        "--key-from" when Environment.GetEnvironmentVariable(value) is { Length: > 0 } key => endpoint => endpoint with { ApiKey = key },
        _ => null,
    };

    private static async Task<int> SayAsync(TextWriter output, string words, int code)
    {
        await output.WriteLineAsync(words);
        return code;
    }

    private sealed record Change(Func<LlmEndpoint, LlmEndpoint> Of, string Reason);
}
