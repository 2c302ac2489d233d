using Microsoft.Extensions.Caching.Memory;
using ShopifyLlmGuard.Llm.Endpoints;

namespace ShopifyLlmGuard.Recommendations;

/// <summary>Reasons that a model wrote, by marker, and who served them.</summary>
internal sealed record WrittenReasons(IReadOnlyDictionary<int, string> Lines, string ServedBy);

/// <summary>Remembers written reasons for a while, so that every view of a product page does not cost the GPU an answer.</summary>
internal sealed class ReasonMemory(EndpointList endpoints) : IDisposable
{
    private const int MostKept = 2_000;
    private static readonly TimeSpan Kept = TimeSpan.FromMinutes(10);
    private readonly MemoryCache memory = new(new MemoryCacheOptions { SizeLimit = MostKept });

    public WrittenReasons? Find(string release, string shop, long product, IEnumerable<long> candidates) =>
        memory.TryGetValue(Key(release, shop, product, candidates), out WrittenReasons? reasons) ? reasons : null;

    public void Keep(string release, string shop, long product, IEnumerable<long> candidates, WrittenReasons reasons) =>
        memory.Set(Key(release, shop, product, candidates), reasons, new MemoryCacheEntryOptions { Size = 1, AbsoluteExpirationRelativeToNow = Kept });

    public void Dispose() => memory.Dispose();

    private string Key(string release, string shop, long product, IEnumerable<long> candidates) =>
        $"{release}/{shop}/{product}/{string.Join(',', candidates)}/{string.Join('|', endpoints.Current.Select(endpoint => endpoint.Model).Distinct())}";
}
