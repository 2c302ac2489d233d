using Microsoft.Extensions.Configuration;
using ShopifyLlmGuard.Flags;
using ShopifyLlmGuard.Incidents.Formats;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Incidents.Rules;

/// <summary>Reads the section <c>Incidents</c>, and finds every mistake in it at once.</summary>
internal static class RuleFile
{
    private const int ShortestSecret = 16;
    private static readonly TimeSpan LongestHold = TimeSpan.FromDays(7);

    public static (SignalConfiguration Read, IReadOnlyList<string> Mistakes) Read(IConfiguration section)
    {
        var mistakes = new List<string>();
        var sources = section.GetSection("Sources").GetChildren()
            .Select(child => (Name: child.Key.ToLowerInvariant(), Proof: Source(child, mistakes))).ToDictionary(source => source.Name, source => source.Proof);
        var rules = section.GetSection("Rules").GetChildren().Select(child => Rule(child, mistakes)).ToList();
        mistakes.AddRange(rules.GroupBy(rule => rule.Name).Where(same => same.Key.Length > 0 && same.Count() > 1)
            .Select(same => $"Incidents:Rules uses the Name '{same.Key}' twice."));
        return (new SignalConfiguration(sources, rules), mistakes);
    }

    private static SourceProof Source(IConfigurationSection child, List<string> mistakes)
    {
        var (reader, name) = (new SectionReader(child, mistakes), child.Key.ToLowerInvariant());
        if (!IncidentSources.All.Contains(name))
        {
            mistakes.Add($"{child.Path} is no source; there are {string.Join(", ", IncidentSources.All)}.");
        }

        var kinds = KindsOf(name);
        var kind = reader.Choice("Proof", kinds[0], kinds);
        var secrets = reader.Texts("Secrets");
        if (secrets.Count == 0 || secrets.Any(secret => secret.Length < ShortestSecret || (kind == ProofKind.Basic && secret.IndexOf(':', StringComparison.Ordinal) < 1)))
        {
            reader.Wrong("Secrets", $"must hold at least one secret of {ShortestSecret} characters or more{(kind == ProofKind.Basic ? ", as user:password" : "")}.");
        }

        var proof = new SourceProof(kind, Header(reader, kind, name), reader.Text("TimestampHeader") ?? DefaultTimestamp(name, kind), [.. secrets], [.. reader.Texts("Origins")]);
        reader.NothingElse();
        return proof;
    }

    private static ProofKind[] KindsOf(string source) => source switch
    {
        IncidentSources.PagerDuty => [ProofKind.Signature],
        IncidentSources.Grafana or IncidentSources.Guard => [ProofKind.Signature, ProofKind.Bearer, ProofKind.Basic, ProofKind.Header],
        _ => [ProofKind.Bearer, ProofKind.Basic, ProofKind.Header],
    };

    private static string Header(SectionReader reader, ProofKind kind, string source)
    {
        if (kind is ProofKind.Header && reader.Text("Header") is null)
        {
            reader.Wrong("Header", "is missing: it names the header that holds the secret.");
        }

        return reader.Text("Header") ?? (source, kind) switch
        {
            (IncidentSources.PagerDuty, _) => "X-PagerDuty-Signature",
            (IncidentSources.Grafana, ProofKind.Signature) => "X-Grafana-Alerting-Signature",
            (_, ProofKind.Signature) => "X-Guard-Signature",
            _ => "Authorization",
        };
    }

    // Grafana signs a time along only when it is told in which header.
    private static string? DefaultTimestamp(string source, ProofKind kind) =>
        source == IncidentSources.Guard && kind == ProofKind.Signature ? "X-Guard-Timestamp" : null;

    private static SignalRule Rule(IConfigurationSection child, List<string> mistakes)
    {
        var reader = new SectionReader(child, mistakes);
        var name = reader.Text("Name") ?? "";
        if (name.Length is 0 or > 60)
        {
            reader.Wrong("Name", "is missing or longer than 60 characters.");
        }

        var features = reader.Texts("Features");
        features.Where(feature => Features.Find(feature) is null).ToList().ForEach(feature => reader.Wrong("Features", $"names '{feature}', which is no feature."));
        var regions = reader.Texts("Regions");
        var rule = new SignalRule(
            name, [.. Matchers(reader)], reader.Choice("Mode", Mode.Fallback, Mode.Fallback, Mode.Off), [.. features],
            [.. reader.Texts("Shops").Select(shop => shop.ToLowerInvariant())], reader.Time("For", SignalRule.DefaultFor, LongestHold))
        {
            Regions = [.. regions],
        };
        if (rule.Mode == Mode.Off && regions.Count > 0)
        {
            reader.Wrong("Mode", "cannot be Off beside Regions: what such a rule holds goes on elsewhere, or at its fallback.");
        }

        reader.NothingElse();
        return rule;
    }

    private static List<Matcher> Matchers(SectionReader reader)
    {
        var texts = reader.Texts("Match");
        if (texts.Count == 0)
        {
            reader.Wrong("Match", "is missing: a rule without a condition would hold at every alert.");
        }

        var matchers = new List<Matcher>();
        foreach (var text in texts)
        {
            if (Matcher.Parse(text, out var mistake) is { } matcher)
            {
                matchers.Add(matcher);
            }
            else
            {
                reader.Wrong("Match", mistake!);
            }
        }

        return matchers;
    }
}
