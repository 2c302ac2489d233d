using ShopifyLlmGuard.Flags;

namespace ShopifyLlmGuard.Serving;

/// <summary>What a shop's feature serves now, for a page that shows it.</summary>
/// <param name="Feature">The feature.</param>
/// <param name="FlagOn">The merchant's switch.</param>
/// <param name="Mode">The decided mode.</param>
/// <param name="Reason">One of <see cref="Reasons"/>; null when live.</param>
/// <param name="Detail">One plain sentence for humans; null when live.</param>
/// <param name="Since">When this mode and reason began; null for a page that did not read the ledger, or before it is written there.</param>
/// <param name="Pin">The pin that decides, if one does.</param>
public sealed record ServingState(
    Feature Feature, bool FlagOn, Mode Mode, string? Reason, string? Detail, DateTimeOffset? Since, Pin? Pin);
