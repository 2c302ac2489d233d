using ShopifyLlmGuard.Llm;

namespace ShopifyLlmGuard.Catalog;

/// <summary>Which products go with which, from tags, kinds and words. Pure, and the same for the same catalogue.</summary>
internal static class Relatedness
{
    public const int MostItems = 8;
    private const int MostSharing = 200;
    private const double SameType = 1.5;

    public static IReadOnlyDictionary<long, IReadOnlyList<RelatedProduct>> Compute(IReadOnlyList<CatalogProduct> products)
    {
        var terms = products.ToDictionary(product => product.Id, Terms);
        var sharing = terms.SelectMany(pair => pair.Value.Keys, (pair, term) => (term, pair.Key))
            .ToLookup(pair => pair.term, pair => pair.Key, StringComparer.OrdinalIgnoreCase);
        var byId = products.ToDictionary(product => product.Id);
        return products.ToDictionary(
            product => product.Id,
            product => (IReadOnlyList<RelatedProduct>)[.. Mix(product, Ranked(product, terms, sharing, byId))]);
    }

    private static Dictionary<string, double> Terms(CatalogProduct product)
    {
        var terms = new Dictionary<string, double>(StringComparer.OrdinalIgnoreCase);
        foreach (var word in Words(product.Title))
        {
            terms["w:" + word] = 0.5;
        }

        foreach (var tag in product.Tags)
        {
            terms["t:" + tag.Trim()] = 1;
        }

        foreach (var word in Words(PromptProduct.FirstSentence(product.Description)))
        {
            terms["d:" + word] = 0.15;
        }

        terms["v:" + product.Vendor.Trim()] = 0.3;
        terms["k:" + product.ProductType.Trim()] = SameType;
        return terms;
    }

    private static List<CatalogProduct> Ranked(
        CatalogProduct product, Dictionary<long, Dictionary<string, double>> terms, ILookup<string, long> sharing,
        Dictionary<long, CatalogProduct> byId)
    {
        var scores = new Dictionary<long, double>();
        foreach (var (term, weight) in terms[product.Id])
        {
            // A term that half the shop shares says nothing, and would make this quadratic.
            var others = sharing[term].ToList();
            foreach (var other in others.Count > MostSharing ? [] : others)
            {
                scores[other] = scores.GetValueOrDefault(other) + (weight * Math.Log(1 + ((double)byId.Count / others.Count)));
            }
        }

        scores.Remove(product.Id);
        return [.. scores.OrderByDescending(pair => pair.Value).ThenBy(pair => pair.Key).Select(pair => byId[pair.Key])];
    }

    // Alternatives and complements by turns: four more thermometers help less than two and what goes with one.
    private static IEnumerable<RelatedProduct> Mix(CatalogProduct product, List<CatalogProduct> ranked)
    {
        var complements = ranked.Where(other => !IsSameType(product, other)).ToList();
        var alternatives = ranked.Where(other => IsSameType(product, other)).ToList();
        return Enumerable.Range(0, Math.Max(complements.Count, alternatives.Count))
            .SelectMany(index => alternatives.Skip(index).Take(1).Concat(complements.Skip(index).Take(1)))
            .Take(MostItems)
            .Select(other => new RelatedProduct(other.Id, other.Handle, Reason(product, other)));
    }

    private static string Reason(CatalogProduct product, CatalogProduct other)
    {
        var shared = product.Tags.FirstOrDefault(tag => other.Tags.Contains(tag, StringComparer.OrdinalIgnoreCase));
        var own = other.Tags.FirstOrDefault(tag => !product.Tags.Contains(tag, StringComparer.OrdinalIgnoreCase));
        if (IsSameType(product, other))
        {
            return own is null
                ? $"Another choice among our {Lower(product.ProductType)}."
                : $"Another choice among our {Lower(product.ProductType)}: {Lower(own)}.";
        }

        var from = $"from our {Lower(other.ProductType)}.";
        return shared is not null ? $"Also for {Lower(shared)}, {from}"
            : string.Equals(product.Vendor, other.Vendor, StringComparison.OrdinalIgnoreCase) ? $"Also by {other.Vendor.Trim()}, {from}"
            : $"Something else to look at, {from}";
    }

    private static bool IsSameType(CatalogProduct product, CatalogProduct other) =>
        string.Equals(product.ProductType.Trim(), other.ProductType.Trim(), StringComparison.OrdinalIgnoreCase);

    private static string Lower(string text) => text.Trim().ToLowerInvariant();

    private static IEnumerable<string> Words(string text) => text
        .Split([' ', '-', '/', ',', '.', '(', ')'], StringSplitOptions.RemoveEmptyEntries)
        .Where(word => word.Length > 3).Select(word => word.ToLowerInvariant().TrimEnd('s'));
}
