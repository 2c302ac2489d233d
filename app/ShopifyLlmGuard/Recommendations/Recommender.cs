using ShopifyLlmGuard.Chat;
using ShopifyLlmGuard.Flags;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Recommendations;

/// <summary>Recommends products beside a product.</summary>
public sealed class Recommender(ServingBoard serving)
{
    /// <summary>Recommends within the budget. Never throws for anything that may be expected to fail.</summary>
    public Task<Answer> RecommendAsync(string shop, long productId, int limit, CancellationToken cancellationToken = default)
    {
        var decision = serving.Decide(shop, Features.Recommendations);
        return Task.FromResult(new Answer(
            Features.Recommendations, decision.Mode, Sources.Static, decision.Reason, null, [], null, null)).WaitAsync(cancellationToken);
    }
}
