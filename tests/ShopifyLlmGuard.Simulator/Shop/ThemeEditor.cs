using System.Text.Json.Nodes;

namespace ShopifyLlmGuard.Simulator.Shop;

/// <summary>One app block as the merchant placed it: <paramref name="Handle"/> is the file name, settings not listed keep their defaults.</summary>
internal sealed record PlacedBlock(string Id, string Handle, bool Active, IReadOnlyDictionary<string, JsonNode?> Settings);

/// <summary>What a merchant does in the theme editor: place app blocks, enable app embeds, change their settings.</summary>
internal sealed class ThemeEditor
{
    private readonly Lock gate = new();
    private IReadOnlyList<PlacedBlock> blocks =
    [
        new("guard_recommendations", "recommendations", Active: true, new Dictionary<string, JsonNode?>()),
        new("guard_chat", "chat", Active: true, new Dictionary<string, JsonNode?>()),
    ];

    public IReadOnlyList<PlacedBlock> Blocks => Volatile.Read(ref blocks);

    public PlacedBlock? Find(string handle) => Blocks.FirstOrDefault(block => block.Handle == handle);

    public void Place(PlacedBlock block)
    {
        lock (gate)
        {
            blocks = [.. Blocks.Where(other => other.Id != block.Id), block];
        }
    }
}
