using ShopifyLlmGuard.Llm;

namespace ShopifyLlmGuard.DemoModel.Text;

/// <summary>Makes products up, and puts lists of them together as retrieval would.</summary>
internal sealed class Shelf(Random random, IReadOnlyList<Item> shop)
{
    private const double OwnShopShare = 0.12;

    /// <summary>One to <paramref name="longest"/> products, often of kinds that a shopper would mix up.</summary>
    public List<Item> List(int longest)
    {
        var count = random.Next(1, longest + 1);
        if (longest > 3 && random.Chance(0.5))
        {
            count = longest;
        }

        var first = random.Chance(OwnShopShare) && shop.Count > 0 ? random.Pick(shop) : Make(random.Pick(World.Types));
        var items = new List<Item> { first };
        while (items.Count < count)
        {
            items.Add(random.Chance(OwnShopShare) && shop.Count > 0 ? random.Pick(shop) : Make(Neighbour(first.Type)));
        }

        return [.. items.DistinctBy(item => item.Prompt.Title).OrderBy(_ => random.Next())];
    }

    /// <summary>A product whose line is short enough to stand in a prompt uncut.</summary>
    public Item Make(ProductType type)
    {
        Item item;
        do
        {
            item = MakeAny(type);
        }
        while (item.Prompt.Line.Length < item.Prompt.Title.Length + 2 + item.Prompt.Summary.Length);
        return item;
    }

    private Item MakeAny(ProductType type)
    {
        var features = new HashSet<string>();
        var wanted = random.Next(2, 5);
        while (features.Count < wanted)
        {
            features.Add(random.Chance(0.6) ? random.Pick(type.Features) : Words.Feature(random));
        }

        var name = random.Chance(0.35) ? $"{Words.Adjective(random)} {type.Name}" : type.Name;
        var subject = type.IsPlural ? $"{random.Pick(["a pack of", "a set of", "a box of", "a pair of"])} {name}"
            : $"{Words.Article(name)} {name}";
        var use = random.Chance(0.5) ? $" for {random.Pick(type.Uses)}" : "";
        var parts = features.ToList();
        return new Item(type, new PromptProduct(Title(type), Summary(subject, name, use, parts)), subject + use, parts);
    }

    private string Summary(string subject, string name, string use, List<string> features)
    {
        var list = Words.And(features);
        return random.Next(12) switch
        {
            0 => $"This {name}{use} comes with {list}",
            1 => $"{Words.UpperFirst(name)}{use} with {list}",
            2 => $"{Words.UpperFirst(subject)}{use} that comes with {list}",
            3 => $"With {list}, {subject}{use}",
            _ => $"{Words.UpperFirst(subject)}{use} with {list}",
        };
    }

    private string Title(ProductType type)
    {
        var noun = Words.TitleCase(random.Chance(0.6) ? type.Name : random.Pick(type.Nouns));
        var brand = Words.Brand(random);
        return random.Next(5) switch
        {
            0 => $"{brand} {Words.TitleCase(Words.Adjective(random))} {noun}",
            1 => $"{noun} {brand} {random.Next(1, 900)}",
            _ => $"{brand} {noun}",
        };
    }

    private ProductType Neighbour(ProductType type)
    {
        var same = World.Types.Where(other => other.Nouns.Any(type.Nouns.Contains)).ToList();
        return random.Chance(0.55) ? random.Pick(same) : random.Pick(World.Types);
    }
}
