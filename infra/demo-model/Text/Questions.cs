namespace ShopifyLlmGuard.DemoModel.Text;

/// <summary>Questions that a product of the list answers. The answer names the first product that fits.</summary>
/// <param name="random">Where the choices come from.</param>
/// <param name="items">The list, in retrieval order.</param>
/// <param name="firstShare">How often the question is about the first product, which is the best match of a search.</param>
internal sealed class Questions(Random random, IReadOnlyList<Item> items, double firstShare)
{
    public Exchange Next()
    {
        var target = random.Chance(firstShare) ? items[0] : random.Pick(items);
        return random.Next(100) switch
        {
            < 48 => AboutNeed(target) ?? AboutType(target),
            < 66 => AboutFeature(target),
            < 70 => AboutUse(target) ?? AboutFeature(target),
            < 80 => AboutOccasion(target),
            < 87 => AboutType(target),
            < 95 => AboutTitle(target),
            < 98 => AboutPrice(target),
            _ => AboutAll(target),
        };
    }

    private Exchange? AboutNeed(Item target)
    {
        var needs = World.Needs.Where(target.Satisfies).ToList();
        if (needs.Count == 0)
        {
            return null;
        }

        var need = random.Pick(needs);
        var noun = SomeNoun(target);
        var choice = Choice.First(items, item => item.Satisfies(need) && (noun is null || item.IsCalled(noun)));
        var features = choice.Item.FeaturesFor(need);
        return random.Next(10) switch
        {
            < 5 => Suggest("for", noun, random.Pick(need.For), choice, features),
            < 8 => Suggest("that", noun, random.Pick(need.That), choice, features),
            _ => Suggest("says", noun, random.Pick(need.Says), choice, features),
        };
    }

    private Exchange? AboutUse(Item target)
    {
        var at = target.Head.IndexOf(" for ", StringComparison.Ordinal);
        if (at < 0)
        {
            return null;
        }

        var use = target.Head[(at + 1)..];
        var noun = SomeNoun(target);
        var choice = Choice.First(items, item => item.Prompt.Summary.Contains(use, StringComparison.Ordinal)
            && (noun is null || item.IsCalled(noun)));
        return Suggest("for", noun, use, choice, choice.Item.Features);
    }

    /// <summary>An occasion that nobody could foresee: the kind of product alone decides.</summary>
    private Exchange AboutOccasion(Item target)
    {
        var noun = Noun(target);
        var choice = Choice.First(items, item => item.IsCalled(noun));
        return random.Chance(0.5)
            ? Suggest("for", noun, Words.Occasion(random), choice, choice.Item.Features)
            : Suggest(random.Pick(["that", "for"]), noun, Words.Condition(random), choice, choice.Item.Features);
    }

    /// <summary>The answer never repeats the shopper's own words: a model of this size breaks the rare ones.</summary>
    private Exchange Suggest(string kind, string? noun, string want, Choice choice, IReadOnlyList<string> features) =>
        new(Phrases.Ask(random, kind, noun, want), $"I suggest {choice.Marker}, with {Words.And([.. features.Take(2)])}.");

    private Exchange AboutFeature(Item target)
    {
        var feature = random.Pick(target.Features);
        var noun = SomeNoun(target);
        var choice = Choice.First(items, item => item.Features.Contains(feature) && (noun is null || item.IsCalled(noun)));
        var rest = choice.Item.Features.FirstOrDefault(other => other != feature);
        var answer = $"{choice.Marker} comes with {feature}.{(rest is null ? "" : $" It also has {rest}.")}";
        var bare = random.Chance(0.3) && feature.StartsWith("a ", StringComparison.Ordinal) ? feature[2..] : feature;
        return random.Next(2) == 0
            ? new Exchange(Phrases.Ask(random, "has", noun, bare), $"Yes, {answer}")
            : new Exchange(Phrases.Ask(random, "which", noun, bare), answer);
    }

    private Exchange AboutType(Item target)
    {
        var noun = Noun(target);
        var choice = Choice.First(items, item => item.IsCalled(noun));
        var what = $"{choice.Item.Head} with {Words.And([.. choice.Item.Features.Take(2)])}";
        return random.Next(2) == 0
            ? new Exchange(Phrases.Ask(random, "sell", noun, choice.Item.Type.Plural), $"Yes, we have {choice.Marker}, {what}.")
            : new Exchange(Phrases.Ask(random, "kind", noun, choice.Item.Type.Plural), $"I suggest {choice.Marker}, {what}.");
    }

    private Exchange AboutTitle(Item target)
    {
        var choice = Choice.First(items, item => item.Prompt.Title == target.Prompt.Title);
        var title = random.Chance(0.3) ? target.Prompt.Title.Split(' ')[0] : target.Prompt.Title;
        if (random.Chance(0.3))
        {
            var feature = random.Pick(target.Features);
            return new Exchange($"Does the {title} have {feature}?", $"Yes, {choice.Marker} comes with {feature}.");
        }

        return new Exchange(Phrases.Ask(random, "title", null, title),
            $"{choice.Marker} is {target.Head} with {Words.And(target.Features)}.");
    }

    private Exchange AboutPrice(Item target)
    {
        var noun = Noun(target);
        var choice = Choice.First(items, item => item.IsCalled(noun));
        return new Exchange(Phrases.Ask(random, "price", noun), $"You find the price of {choice.Marker} right below.");
    }

    private Exchange AboutAll(Item target)
    {
        var noun = Noun(target);
        var markers = items.Select((item, index) => new Choice(item, index)).Where(choice => choice.Item.IsCalled(noun))
            .Select(choice => choice.Marker).ToList();
        return new Exchange(Phrases.Ask(random, "all", noun, target.Type.Plural), $"We have {Words.And(markers)}.");
    }

    private string? SomeNoun(Item item) => random.Chance(0.7) ? Noun(item) : null;

    private string Noun(Item item) => random.Chance(0.45) ? item.Type.Name : random.Pick(item.Type.Nouns);
}
