using System.Text.Json;
using System.Text.Json.Serialization;

namespace ShopifyLlmGuard.Simulator.Admin;

/// <summary>The stand-in for `polaris.js`: Shopify's manifest and tokens, then the scripts of `Polaris/`, as one function.</summary>
internal static class PolarisScript
{
    private static readonly JsonSerializerOptions Web = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    private static readonly Lazy<string> Head = new(() =>
    {
        var manifest = PolarisManifest.Read(Assets.Package("polaris-types/dist/custom-elements.json"));
        return $"const MANIFEST = {JsonSerializer.Serialize(manifest, Web)};\nconst TOKENS = {JsonSerializer.Serialize(Assets.Tokens())};\n";
    });

    public static string Build() =>
        $"(() => {{\n'use strict';\nif (customElements.get('s-page')) return;\n{Head.Value}{string.Join('\n', Assets.ReadAll("Polaris", "*.js"))}}})();\n";
}
