extern alias Simulator;

using Simulator::ShopifyLlmGuard.Simulator.Admin;

namespace ShopifyLlmGuard.Tests.Simulator;

public class PolarisManifestTests
{
    private static readonly SortedDictionary<string, PolarisElement> Manifest =
        PolarisManifest.Read(Path.Combine(Node.RepositoryRoot, "tests/node_modules/@shopify/polaris-types/dist/custom-elements.json"));

    [Fact]
    public void Every_official_component_is_known() => Assert.Equal(62, Manifest.Count);

    [Theory]
    [InlineData("s-button", "variant", "words", "auto primary secondary tertiary")]
    [InlineData("s-banner", "tone", "words", "auto info success warning critical")]
    [InlineData("s-box", "blocksize", "size", "auto 0")]
    public void Enumerations_come_from_the_manifest(string tag, string attribute, string kind, string words)
    {
        var rule = Manifest[tag].Attributes[attribute];
        Assert.Equal(kind, rule.Kind);
        Assert.Equal(words.Split(' '), rule.Words);
    }

    [Fact]
    public void Methods_and_children_are_no_attributes()
    {
        Assert.DoesNotContain("showoverlay", Manifest["s-modal"].Attributes.Keys);
        Assert.DoesNotContain("children", Manifest["s-table-row"].Attributes.Keys);
    }

    [Fact]
    public void Padding_takes_up_to_four_sizes_and_gap_two()
    {
        Assert.Equal(4, Manifest["s-box"].Attributes["padding"].Most);
        Assert.Equal(2, Manifest["s-stack"].Attributes["gap"].Most);
        Assert.Contains("small-300", Manifest["s-stack"].Attributes["gap"].Words!);
    }
}
