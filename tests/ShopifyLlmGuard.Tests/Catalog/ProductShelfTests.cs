using ShopifyLlmGuard.Catalog;
using ShopifyLlmGuard.Llm;

namespace ShopifyLlmGuard.Tests.Catalog;

public sealed class ProductShelfTests
{
    private const long Monitor = 8102;

    [Fact]
    public async Task A_shelf_that_was_empty_is_looked_at_again_soon()
    {
        await using var guard = await Guard.StartAsync();
        await guard.InstallAsync(withProducts: false);
        Assert.Null((await ReadAsync(guard)).Shelf);

        await guard.InstallAsync();
        await Guard.UntilAsync(() => ReadAsync(guard).Result.Shelf is { Related.Count: > 0 }, "the catalogue that was read meanwhile is seen");
    }

    private static Task<(RelatedShelf? Shelf, bool Known)> ReadAsync(Guard guard) => guard.Get<ProductShelf>().RelatedAsync(
        Guard.Shop, Monitor, new Deadline(TimeProvider.System, TimeSpan.FromSeconds(5)), CancellationToken.None);
}
