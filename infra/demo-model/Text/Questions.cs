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
            < 76 => AboutUse(target) ?? AboutFeature(target),
            < 85 => AboutType(target),
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
        var noun = random.Chance(0.7) ? Noun(target) : null;
        var choice = Choice.First(items, item => item.Satisfies(need) && (noun is null || item.IsCalled(noun)));
        var features = choice.Item.FeaturesFor(need);
        return random.Next(10) switch
        {
            < 5 => For(noun, random.Pick(need.For), choice, features),
            < 8 => That(noun, random.Pick(need.That), choice, features),
            _ => Says(noun, random.Pick(need.Says), choice, features),
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
        var noun = random.Chance(0.7) ? Noun(target) : null;
        var choice = Choice.First(items, item => item.Prompt.Summary.Contains(use, StringComparison.Ordinal)
            && (noun is null || item.IsCalled(noun)));
        return For(noun, use, choice, choice.Item.Features);
    }

    private Exchange For(string? noun, string use, Choice choice, IReadOnlyList<string> features)
    {
        var a = noun is null ? "something" : WithArticle(noun);
        var one = noun ?? "one";
        var question = random.Pick([$"Which {one} is good {use}?", $"I need {a} {use}.", $"Do you have {a} {use}?",
            $"I am looking for {a} {use}", $"What do you recommend {use}?", $"Which {one} would you suggest {use}?",
            $"Is there {a} {use}?", $"Can you recommend {a} {use}?", $"what is the best {one} {use}?", $"{one} {use}?",
            $"I want to buy {a} {use}.", $"Which {one} should I take {use}?", $"Is one of them good {use}?",
            $"{Words.UpperFirst(a)} {use}, please.", $"What would help me {use}?", $"I could use {a} {use}.", $"What have you got {use}?",
            $"Could you show me {a} {use}?", $"We are looking for {a} {use}.", $"{Words.UpperFirst(use)}, which {one} is right?",
            $"My friend needs {a} {use}.", $"Is the {one} suitable {use}?", $"How about {a} {use}?", $"what {one} can I use {use}",
            $"Do you know {a} that works {use}?", $"I would like {a} {use}."]);
        var two = Words.And([.. features.Take(2)]);
        var answer = random.Next(3) switch
        {
            0 => $"{Words.UpperFirst(use)} I suggest {choice.Marker}, with {two}.",
            _ => $"{choice.Marker} is a good choice {use}, with {two}.",
        };
        return new Exchange(question, answer);
    }

    private Exchange That(string? noun, string that, Choice choice, IReadOnlyList<string> features)
    {
        var a = noun is null ? "something" : WithArticle(noun);
        var question = random.Pick([$"Do you have {a} {that}?", $"I need {a} {that}.", $"Is there {a} {that}?",
            $"I am looking for {a} {that}", $"I would like {a} {that}, please.", $"Show me {a} {that}",
            $"Which {noun ?? "product"} do you have {that}?", $"Do you sell {a} {that}?", $"{Words.UpperFirst(a)} {that}?",
            $"We want {a} {that}.", $"It should be {a} {that}.", $"Which {noun ?? "one"} would you take, I want one {that}",
            $"Have you got {a} {that}?", $"{Words.UpperFirst(a)} {that}, please.", $"My father needs {a} {that}."]);
        return new Exchange(question, $"{choice.Marker} is one {that}, with {Words.And([.. features.Take(2)])}.");
    }

    private Exchange Says(string? noun, string says, Choice choice, IReadOnlyList<string> features)
    {
        var a = noun is null ? "something" : WithArticle(noun);
        var said = Words.UpperFirst(says);
        var question = random.Pick([$"{said}. Which {noun ?? "product"} do you recommend?", $"{said}. What do you recommend?",
            $"{said}, do you have {a} that helps?", $"I need {a}, {says}.", $"{said}. Which {noun ?? "one"} fits?", $"{said}.", $"{said}, what would help?", $"{said}. Is there {a} for that?",
            $"{said}, which {noun ?? "product"} would help?", $"Which {noun ?? "one"} is right for me? {said}.", $"{said}, so I need {a}."]);
        return new Exchange(question, $"Then {choice.Marker} is a good choice, with {Words.And([.. features.Take(2)])}.");
    }

    private Exchange AboutFeature(Item target)
    {
        var feature = random.Pick(target.Features);
        var noun = random.Chance(0.7) ? Noun(target) : null;
        var choice = Choice.First(items, item => item.Features.Contains(feature) && (noun is null || item.IsCalled(noun)));
        var rest = choice.Item.Features.Where(other => other != feature).ToList();
        var also = rest.Count > 0 ? $" It also has {rest[0]}." : "";
        var bare = random.Chance(0.3) && feature.StartsWith("a ", StringComparison.Ordinal) ? feature[2..] : feature;
        return random.Next(2) == 0
            ? new Exchange(random.Pick([$"Do you have {(noun is null ? "one" : WithArticle(noun))} with {bare}?",
                $"Is there {(noun is null ? "something" : WithArticle(noun))} with {bare}?"]),
                $"Yes, {choice.Marker} comes with {feature}.{also}")
            : new Exchange(random.Pick([$"Which {noun ?? "one"} has {bare}?", $"I want {(noun is null ? "one" : WithArticle(noun))} with {bare}.",
                $"I need {bare}.", $"which {noun ?? "product"} comes with {bare}?", $"{Words.UpperFirst(bare)}?", $"{noun ?? "one"} {bare}",
                $"It must have {bare}.", $"{Words.UpperFirst(noun is null ? "something" : WithArticle(noun))} with {bare}, please."]),
                $"{choice.Marker} comes with {feature}.{also}");
    }

    private Exchange AboutType(Item target)
    {
        var noun = Noun(target);
        var choice = Choice.First(items, item => item.IsCalled(noun));
        var a = WithArticle(noun);
        var what = $"{choice.Item.Head} with {Words.And([.. choice.Item.Features.Take(2)])}";
        return random.Next(2) == 0
            ? new Exchange(random.Pick([$"Do you have {a}?", $"Do you sell {choice.Item.Type.Plural}?", $"Is there {a} in your shop?",
                $"Have you got {a}?"]), $"Yes, we have {choice.Marker}, {what}.")
            : new Exchange(random.Pick([$"I am looking for {a}.", $"Which {noun} do you recommend?", $"I need {a}", $"{noun}",
                $"Show me your {choice.Item.Type.Plural}.", $"Can you recommend {a}?", $"what is a good {noun}?"]),
                $"I suggest {choice.Marker}, {what}.");
    }

    private Exchange AboutTitle(Item target)
    {
        var choice = Choice.First(items, item => item.Prompt.Title == target.Prompt.Title);
        var title = random.Chance(0.3) ? target.Prompt.Title.Split(' ')[0] : target.Prompt.Title;
        var features = target.Features;
        if (random.Chance(0.3))
        {
            var feature = random.Pick(features);
            return new Exchange($"Does the {title} have {feature}?", $"Yes, {choice.Marker} comes with {feature}.");
        }

        return new Exchange(random.Pick([$"Tell me about the {title}.", $"What is the {title}?", $"What can the {title} do?",
            $"What does the {title} have?", $"Is the {title} any good?", $"more about the {title} please"]),
            $"{choice.Marker} is {target.Head} with {Words.And(features)}.");
    }

    private Exchange AboutPrice(Item target)
    {
        var noun = Noun(target);
        var choice = Choice.First(items, item => item.IsCalled(noun));
        return new Exchange(random.Pick([$"How much is the {noun}?", $"What does the {noun} cost?", $"price of the {noun}?",
            $"Is the {noun} expensive?"]), $"You find the price of {choice.Marker} right below.");
    }

    private Exchange AboutAll(Item target)
    {
        var noun = Noun(target);
        var choices = items.Select((item, index) => new Choice(item, index)).Where(choice => choice.Item.IsCalled(noun))
            .Select(choice => choice.Marker).ToList();
        return new Exchange(random.Pick([$"Which {target.Type.Plural} do you have?", $"What {noun} models do you sell?",
            $"show me all {target.Type.Plural}"]), $"We have {Words.And(choices)}.");
    }

    private string Noun(Item item) => random.Chance(0.45) ? item.Type.Name : random.Pick(item.Type.Nouns);

    private static string WithArticle(string noun) => noun.EndsWith('s') ? noun : $"{Words.Article(noun)} {noun}";
}
