using System.Collections.Immutable;
using ShopifyLlmGuard.Fallbacks;
using ShopifyLlmGuard.Flags;
using ShopifyLlmGuard.Gateway;
using ShopifyLlmGuard.Health;
using ShopifyLlmGuard.Llm.Endpoints;
using ShopifyLlmGuard.Releases;
using ShopifyLlmGuard.Serving;
using ShopifyLlmGuard.Serving.Bypassing;
using ShopifyLlmGuard.Shops;

namespace ShopifyLlmGuard.Data;

/// <summary>Everything that decisions need, at one moment. Immutable; a newer one replaces it whole.</summary>
/// <param name="LoadedAt">When the database said so.</param>
/// <param name="Shops">Installed shops by domain.</param>
/// <param name="Flags">Switches that merchants have set, by <c>shop/feature</c>.</param>
/// <param name="Pins">Pins that are not released; some may have expired.</param>
/// <param name="Endpoints">What the health policy remembers, by endpoint id.</param>
/// <param name="Fallbacks">Fallback content that merchants have saved, by domain.</param>
public sealed record Snapshot(
    DateTimeOffset LoadedAt,
    ImmutableDictionary<string, ShopProfile> Shops,
    ImmutableDictionary<string, bool> Flags,
    ImmutableArray<Pin> Pins,
    ImmutableDictionary<string, Snapshot.EndpointMark> Endpoints,
    ImmutableDictionary<string, FallbackContent> Fallbacks)
{
    public static Snapshot Empty { get; } = new(
        DateTimeOffset.MinValue, ImmutableDictionary<string, ShopProfile>.Empty, ImmutableDictionary<string, bool>.Empty, [],
        ImmutableDictionary<string, EndpointMark>.Empty, ImmutableDictionary<string, FallbackContent>.Empty);

    /// <summary>Gateway keys that nobody has revoked, by id. Not in a file that an older server wrote.</summary>
    public ImmutableDictionary<string, GatewayKeyProfile> Keys { get; init; } = ImmutableDictionary<string, GatewayKeyProfile>.Empty;

    /// <summary>The newest decision about the bypass, for all shops and for each shop whose staff ever decided.</summary>
    public ImmutableArray<BypassDecision> Bypasses { get; init; } = [];

    /// <summary>The newest description of every endpoint that the table has ever held.</summary>
    public ImmutableArray<EndpointVersion> EndpointTable { get; init; } = [];

    /// <summary>The number of the newest heartbeat; 0 before the first one.</summary>
    public long Heartbeat { get; init; }

    /// <summary>Features that anything was ever released for.</summary>
    public ImmutableDictionary<string, Rollout> Rollouts { get; init; } = ImmutableDictionary<string, Rollout>.Empty;

    /// <summary>What the health policy last wrote about an endpoint.</summary>
    public sealed record EndpointMark(EndpointState State, string? Detail, DateTimeOffset Since);

    internal static string Key(string shop, string feature) => $"{shop}/{feature}";

    /// <summary>The shop, or one that allows nothing when the snapshot does not know it.</summary>
    public ShopProfile Shop(string domain) => Shops.GetValueOrDefault(domain) ?? ShopProfile.Unknown(domain);

    /// <summary>The merchant's switch, or the feature's default. An unknown feature is off.</summary>
    public bool IsOn(string shop, string feature) =>
        Flags.TryGetValue(Key(shop, feature), out var on) ? on : Features.Find(feature)?.OnByDefault ?? false;
}
