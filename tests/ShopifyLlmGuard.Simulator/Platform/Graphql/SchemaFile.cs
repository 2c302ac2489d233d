namespace ShopifyLlmGuard.Simulator.Platform.Graphql;

/// <summary>Reads the official schema once, off the start-up path: 3,500 types take a moment.</summary>
internal sealed class SchemaFile
{
    private const string Name = "tests/node_modules/@shopify/dev-mcp/dist/data/admin_2026-10.json.gz";

    private readonly Lazy<Task<OfficialSchema>> schema =
        new(() => Task.Run(() => OfficialSchema.Read(Path.Combine(Repository.Root, Name))));

    public Task<OfficialSchema> Value => schema.Value;
}
