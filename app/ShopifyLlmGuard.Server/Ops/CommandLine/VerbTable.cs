using ShopifyLlmGuard.Server.Gateway;
using ShopifyLlmGuard.Server.Ops.Desks;
using ShopifyLlmGuard.Server.Ops.Records;

namespace ShopifyLlmGuard.Server.Ops.CommandLine;

/// <summary>Every verb. A new one is a line here and a file of its own.</summary>
internal static class VerbTable
{
    public static IReadOnlyList<Verb> All { get; } =
    [
        BypassVerb.Verb,
        StatusVerb.Verb,
        PinVerb.Verb,
        UnpinVerb.Verb,
        PinsVerb.Verb,
        ProtectionsVerb.Verb,
        new("keys", ["keys add NAME [--jurisdiction EU]... [--per-minute 60] [--at-once 4] [--days 365]", "keys list", "keys revoke ID"],
            "Makes, lists and revokes keys of in-house programs.",
            (services, words, output) => services.GetRequiredService<KeyDesk>().RunAsync(words, output)),
        new("release", ReleaseVerbs.Usage.Split('\n'), "Adds, tests, starts, widens, promotes and rolls back releases.",
            (services, words, output) => ActivatorUtilities.CreateInstance<ReleaseVerbs>(services).RunAsync(words, output)),
        new("incident", IncidentCommand.Usage.Split('\n'), "Opens, assesses, decides, reports and exports incidents.",
            (services, words, output) => services.GetRequiredService<IncidentCommand>().RunAsync(words, output)),
        new("audit", AuditCommand.Usage.Split('\n'), "Verifies the trail of every change by a person.",
            (services, words, output) => services.GetRequiredService<AuditCommand>().RunAsync(words, output)),
        new("endpoints", EndpointCommand.Usage.Split('\n'), "Describes model hosts while the servers run.",
            (services, words, output) => services.GetRequiredService<EndpointCommand>().RunAsync(words, output)),
        new("evidence", EvidenceCommand.Usage.Split('\n'), "Verifies the sealed records of every dispatch.",
            (services, words, output) => services.GetRequiredService<EvidenceCommand>().RunAsync(words, output)),
    ];
}
