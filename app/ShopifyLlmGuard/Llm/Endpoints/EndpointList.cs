using System.Collections.Immutable;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Shops;

namespace ShopifyLlmGuard.Llm.Endpoints;

/// <summary>
/// The endpoints in service now: those of the configuration, overlaid with those of the table. Follows both without a
/// restart; a list with a mistake is reported whole and changes nothing. Until a whole table has been read without one, there is
/// nothing good to keep, so that only the faulty endpoints are left out: what the table knows never comes from the configuration.
/// </summary>
public sealed partial class EndpointList : IDisposable
{
    private readonly Lock gate = new();
    private readonly IConfiguration section;
    private readonly Snapshots snapshots;
    private readonly TokenVault vault;
    private readonly ILogger<EndpointList> logger;
    private readonly IDisposable reloads;
    private readonly bool attestationRequired;
    private ImmutableArray<LlmEndpoint> configured;
    private volatile IReadOnlyList<LlmEndpoint> current = [];
    private string reported = "";
    private bool hasFollowedTable;

    internal EndpointList(
        IConfiguration section, IOptions<LlmOptions> llm, Snapshots snapshots, TokenVault vault, ILogger<EndpointList> logger)
    {
        (this.section, this.snapshots, this.vault, this.logger) = (section, snapshots, vault, logger);
        (configured, attestationRequired) = ([.. llm.Value.Endpoints], llm.Value.RequireAttestation);
        Combine();
        snapshots.Changed += Follow;
        reloads = ChangeToken.OnChange(section.GetReloadToken, Reload);
    }

    /// <summary>Every endpoint in service.</summary>
    public IReadOnlyList<LlmEndpoint> Current => current;

    /// <summary>Every endpoint that configuration and table describe, in service or not.</summary>
    public IReadOnlyList<LlmEndpoint> Described
    {
        get
        {
            lock (gate)
            {
                return Overlaid();
            }
        }
    }

    /// <summary>Raised after <see cref="Current"/> has changed.</summary>
    internal event Action? Changed;

    public void Dispose()
    {
        snapshots.Changed -= Follow;
        reloads.Dispose();
    }

    private bool HasTable => snapshots.Current.EndpointTable.Any(version => version.Settings is not null);

    private void Follow(Snapshot snapshot) => Combine();

    private void Reload()
    {
        var next = new LlmOptions();
        try
        {
            EndpointFile.Read(section, next);
        }
        catch (InvalidOperationException unreadable)
        {
            next.Unreadable.Add(unreadable.Message);
        }

        if (next.Unreadable.Count > 0)
        {
            Log.Refused(logger, string.Join(" ", next.Unreadable));
            return;
        }

        lock (gate)
        {
            configured = [.. next.Endpoints];
        }

        Combine();
    }

    private void Combine()
    {
        lock (gate)
        {
            var next = Overlaid();
            var mistakes = EndpointRules.Mistakes(next, attestationRequired, index => $"Endpoint '{next[index].Id}': ").ToList();
            if (mistakes.Count > 0 && (hasFollowedTable || !HasTable))
            {
                Report(mistakes, Log.Refused);
                return;
            }

            if (mistakes.Count > 0)
            {
                Report(mistakes, Log.LeftOut);
                next.RemoveAll(endpoint => EndpointRules.Mistakes([endpoint], attestationRequired, _ => "").Any());
            }
            else
            {
                (reported, hasFollowedTable) = ("", hasFollowedTable || HasTable);
            }

            var inService = next.Where(endpoint => endpoint.Enabled).ToList();
            if (inService.SequenceEqual(current))
            {
                return;
            }

            current = inService;
            Log.Changed(logger, string.Join(", ", inService.Select(endpoint => endpoint.Id)));
        }

        Changed?.Invoke();
    }

    private List<LlmEndpoint> Overlaid()
    {
        var table = snapshots.Current.EndpointTable.Where(version => version.Settings is not null)
            .ToDictionary(version => version.Endpoint, Opened, StringComparer.Ordinal);
        return [.. configured.Where(endpoint => !table.ContainsKey(endpoint.Id)), .. table.Values.OrderBy(endpoint => endpoint.Id, StringComparer.Ordinal)];
    }

    private LlmEndpoint Opened(EndpointVersion version) => version.Settings! with
    {
        Id = version.Endpoint,
        ApiKey = version.SealedKey is null ? null : vault.Open(EndpointDesk.KeyOwner(version.Endpoint), version.SealedKey),
    };

    // The snapshot comes again every few seconds; the same mistakes are told once.
    private void Report(List<string> mistakes, Action<ILogger, string> tell)
    {
        var all = string.Join(" ", mistakes);
        if (all != reported)
        {
            reported = all;
            tell(logger, all);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Endpoints in service: {Endpoints}.")]
        public static partial void Changed(ILogger logger, string endpoints);

        [LoggerMessage(LogLevel.Error, "The new list of endpoints has mistakes, so the last good one stays in service. {Mistakes}")]
        public static partial void Refused(ILogger logger, string mistakes);

        [LoggerMessage(LogLevel.Error, "The first list of endpoints has mistakes, so the faulty ones are left out. {Mistakes}")]
        public static partial void LeftOut(ILogger logger, string mistakes);
    }
}
