using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Llm;

namespace ShopifyLlmGuard.Catalog;

/// <summary>Reads the catalogue for answers: within a limit, and from memory where it can. A silent database is a value here.</summary>
internal sealed class ProductShelf(ProductCatalog catalog, IOptions<TimeOptions> times, TimeProvider clock) : IDisposable
{
    private const int MostKept = 5_000;
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan EmptyFresh = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Kept = TimeSpan.FromHours(6);
    private readonly MemoryCache memory = new(new MemoryCacheOptions { SizeLimit = MostKept });

    /// <summary>The products that fit a text best; null when the database did not say so in time.</summary>
    public Task<IReadOnlyList<CatalogProduct>?> SearchAsync(
        string shop, string text, int limit, Deadline deadline, CancellationToken cancellationToken) =>
        InTimeAsync(stop => catalog.SearchAsync(shop, text, limit, stop), deadline, cancellationToken);

    /// <summary>
    /// A product with what goes with it. Asked again after 30 seconds, an empty shelf after one, since a catalogue that was only now
    /// read fills it; what is known is used on while the database is silent.
    /// Known is false when nothing is known; then the shop may or may not sell it.
    /// </summary>
    public async Task<(RelatedShelf? Shelf, bool Known)> RelatedAsync(
        string shop, long productId, Deadline deadline, CancellationToken cancellationToken)
    {
        memory.TryGetValue((shop, productId), out Entry? kept);
        if (kept is not null && clock.GetElapsedTime(kept.At) < (kept.Shelf is { Related.Count: > 0 } ? Fresh : EmptyFresh))
        {
            return (kept.Shelf, true);
        }

        var read = await InTimeAsync(
            async stop => new Entry(await catalog.ShelfAsync(shop, productId, stop), clock.GetTimestamp()), deadline, cancellationToken);
        if (read is null)
        {
            return (kept?.Shelf, kept is not null);
        }

        memory.Set((shop, productId), read, new MemoryCacheEntryOptions { Size = 1, AbsoluteExpirationRelativeToNow = Kept });
        return (read.Shelf, true);
    }

    public void Dispose() => memory.Dispose();

    private async Task<T?> InTimeAsync<T>(Func<CancellationToken, Task<T>> read, Deadline deadline, CancellationToken cancellationToken)
        where T : class
    {
        var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var reading = Task.Run(() => read(stop.Token), CancellationToken.None);
        var ended = await Race.EndsAsync(reading, deadline.Within(times.Value.Retrieval), clock, cancellationToken);
        if (ended && reading.IsCompletedSuccessfully)
        {
            stop.Dispose();
            return await reading;
        }

        await stop.CancelAsync();
        Race.Forget(reading);
        return null;
    }

    private sealed record Entry(RelatedShelf? Shelf, long At);
}
