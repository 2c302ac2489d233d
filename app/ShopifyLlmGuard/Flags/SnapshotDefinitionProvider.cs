using Microsoft.FeatureManagement;
using ShopifyLlmGuard.Data;

namespace ShopifyLlmGuard.Flags;

/// <summary>Tells Microsoft.FeatureManagement which features exist. It asks on every evaluation, so this answers from memory.</summary>
internal sealed class SnapshotDefinitionProvider : IFeatureDefinitionProvider
{
    private static readonly Dictionary<string, FeatureDefinition> Definitions = Features.All.ToDictionary(
        feature => feature.Key,
        feature => new FeatureDefinition
        {
            Name = feature.Key,
            EnabledFor = [new FeatureFilterConfiguration { Name = ShopFlagFilter.Alias }],
        });

    public Task<FeatureDefinition> GetFeatureDefinitionAsync(string featureName) =>
        Task.FromResult(Definitions.GetValueOrDefault(featureName)!);

    public async IAsyncEnumerable<FeatureDefinition> GetAllFeatureDefinitionsAsync()
    {
        foreach (var definition in Definitions.Values)
        {
            yield return definition;
        }

        await Task.CompletedTask;
    }
}

/// <summary>The shop for which a feature is evaluated.</summary>
public sealed record ShopContext(string Shop);

/// <summary>A feature is on for a shop when the snapshot says so.</summary>
[FilterAlias(Alias)]
internal sealed class ShopFlagFilter(Snapshots snapshots) : IContextualFeatureFilter<ShopContext>
{
    public const string Alias = "Shop";

    public Task<bool> EvaluateAsync(FeatureFilterEvaluationContext featureFilterContext, ShopContext appContext) =>
        Task.FromResult(snapshots.Current.IsOn(appContext.Shop, featureFilterContext.FeatureName));
}
