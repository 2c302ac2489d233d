using System.Text.Json;

namespace ShopifyLlmGuard.Simulator.Shop;

/// <summary>The shop itself: what the merchant sells and what the app may do. It starts as <c>Shop/products.json</c> and lives in memory.</summary>
internal sealed class ShopState
{
    public const string Name = "Carewell";

    /// <summary>Owner id of the app-data metafields.</summary>
    public const string AppInstallation = "gid://shopify/AppInstallation/1";

    private static readonly JsonSerializerOptions Snake = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    private readonly TimeProvider clock;
    private readonly Metafields metafields;
    private readonly Lock gate = new();
    private IReadOnlyList<Product> products;

    public ShopState(TimeProvider clock, Metafields metafields)
    {
        (this.clock, this.metafields) = (clock, metafields);
        var opened = clock.GetUtcNow();
        products = [.. Read().Select(product => product with { UpdatedAt = opened })];
    }

    /// <summary>Raised after the change, outside any lock: Shopify's webhooks grow from it.</summary>
    public event Action<ProductChange>? ProductChanged;

    /// <summary>Granted at installation; see shopify.app.toml.</summary>
    public IReadOnlyList<string> GrantedScopes { get; set; } = ["read_products", "write_products", "write_app_proxy"];

    /// <summary>All products, by id; the list is a snapshot.</summary>
    public IReadOnlyList<Product> Products => Volatile.Read(ref products);

    public Product? Find(long id) => Products.FirstOrDefault(product => product.Id == id);

    public Product? Find(string handle) =>
        Products.FirstOrDefault(product => product.Handle.Equals(handle, StringComparison.OrdinalIgnoreCase));

    /// <summary>Creates or replaces a product by its id and returns it with the time of the change.</summary>
    public Product Save(Product product)
    {
        ProductChange change;
        lock (gate)
        {
            var saved = product with { UpdatedAt = clock.GetUtcNow() };
            change = new(Find(product.Id) is null ? ProductEvent.Create : ProductEvent.Update, saved);
            products = [.. Products.Where(other => other.Id != saved.Id).Append(saved).OrderBy(other => other.Id)];
        }

        ProductChanged?.Invoke(change);
        return change.Product;
    }

    /// <returns>False if there is no such product.</returns>
    public bool Delete(long id)
    {
        Product? product;
        lock (gate)
        {
            product = Find(id);
            products = [.. Products.Where(other => other.Id != id)];
        }

        if (product is null)
        {
            return false;
        }

        metafields.DeleteAll(product.Gid);
        ProductChanged?.Invoke(new(ProductEvent.Delete, product with { UpdatedAt = clock.GetUtcNow() }));
        return true;
    }

    private static List<Product> Read() =>
        JsonSerializer.Deserialize<List<Product>>(
            File.ReadAllText(Path.Combine(Repository.Simulator, "Shop", "products.json")), Snake)!;
}
