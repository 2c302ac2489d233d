using System.Reflection;

namespace ShopifyLlmGuard.Server.Shopify;

/// <summary>One GraphQL operation of the Admin API. The texts are files, so that Shopify's own validator reads them too.</summary>
internal sealed record AdminDocument(string Name, string Text)
{
    public const string ApiVersion = "2026-10";

    public static readonly AdminDocument Installation = Load(nameof(Installation));
    public static readonly AdminDocument Product = Load(nameof(Product));
    public static readonly AdminDocument Products = Load(nameof(Products));
    public static readonly AdminDocument SetMetafields = Load(nameof(SetMetafields));

    private static AdminDocument Load(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"{name}.graphql")
            ?? throw new InvalidOperationException($"{name}.graphql is not embedded.");
        using var reader = new StreamReader(stream);
        return new(name, reader.ReadToEnd());
    }
}
