using System.Collections.Frozen;
using System.Collections.Immutable;

namespace ShopifyLlmGuard.Incidents.Rules;

/// <summary>The section <c>Incidents</c>, read. Immutable; a changed file replaces it whole.</summary>
public sealed class SignalConfiguration
{
    internal SignalConfiguration(IReadOnlyDictionary<string, SourceProof> sources, IEnumerable<SignalRule> rules)
    {
        Sources = sources.ToFrozenDictionary(StringComparer.Ordinal);
        Rules = [.. rules];
        NamedLabels = Rules.SelectMany(rule => rule.Match).Select(matcher => matcher.Label).ToFrozenSet(StringComparer.Ordinal);
    }

    public static SignalConfiguration Empty { get; } = new(new Dictionary<string, SourceProof>(), []);

    /// <summary>The sources that may deliver, by name. A source that is not here has no door.</summary>
    public FrozenDictionary<string, SourceProof> Sources { get; }

    /// <summary>Labels that are kept because a rule looks at them.</summary>
    public FrozenSet<string> NamedLabels { get; }

    internal ImmutableArray<SignalRule> Rules { get; }
}
