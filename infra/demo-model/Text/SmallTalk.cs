using System.Text.RegularExpressions;

namespace ShopifyLlmGuard.DemoModel.Text;

/// <summary>What shoppers say that no product answers. One manner of answering per subject.</summary>
internal static partial class SmallTalk
{
    private const string Sorry = "I am sorry, I did not find that in our shop.";

    private static readonly List<string[]> Subjects = [.. World.Lines("smalltalk.txt").Select(line => line.Split(" | "))];

    /// <summary>The fixed sentences, none of which names a product.</summary>
    public static IReadOnlyList<string> Answers { get; } = [.. Subjects.Select(subject => subject[0]), Sorry];

    /// <summary>The most important subject in a healthcare shop: it comes up more often than the others.</summary>
    private static readonly List<string[]> Medical = [.. Subjects.Where(subject => subject[0].Contains("medical", StringComparison.Ordinal))];

    private static readonly string[] Ills = ["fever", "high blood pressure", "a headache", "diabetes", "back pain", "a cold",
        "asthma", "an infection", "a rash", "chest pain", "dizziness", "a broken arm", "migraine", "arthritis", "a cough", "insomnia"];

    private static readonly string[] Drugs = ["paracetamol", "ibuprofen", "aspirin", "insulin", "antibiotics", "magnesium", "cough syrup"];

    private static readonly string[] Feelings = ["dizzy", "sick", "tired", "weak", "hot", "cold and shaky", "nervous", "short of breath"];

    private static readonly string[] Places = ["France", "Spain", "Japan", "Berlin", "Canada", "Italy", "London", "Brazil", "Austria"];

    private static readonly string[] Things = ["cats", "spring", "pasta", "football", "politics", "love", "the sea", "pizza", "music"];

    private static readonly string[] Strange = ["laptop", "guitar", "bicycle", "sofa", "coffee machine", "tent", "phone", "book",
        "dog food", "lawn mower", "printer", "wine", "shoes", "television", "car tyres", "drill", "watch", "flowers", "hammer", "toys"];

    public static Exchange Next(Random random)
    {
        var subject = random.Pick(random.Chance(0.4) ? Medical : Subjects);
        var question = Blank().Replace(subject[random.Next(1, subject.Length)], blank => blank.Value switch
        {
            "{value}" => $"{random.Next(110, 190)}/{random.Next(60, 110)}",
            "{ill}" => random.Pick(Ills),
            "{drug}" => random.Pick(Drugs),
            "{feel}" => random.Pick(Feelings),
            "{place}" => random.Pick(Places),
            "{thing}" => random.Pick(Things),
            _ => $"{random.Next(2, 99)}",
        });
        return new Exchange(question, subject[0]);
    }

    /// <summary>A wish that the list cannot fulfil, because it holds no product of the kind.</summary>
    public static Exchange? NotInList(Random random, IReadOnlyList<Item> items)
    {
        var type = random.Pick(World.Types);
        var noun = random.Chance(0.3) ? random.Pick(Strange) : random.Pick(type.Nouns);
        return items.Any(item => item.Type == type || item.IsCalled(noun)) ? null
            : new Exchange(Phrases.Ask(random, "missing", noun), Sorry);
    }

    [GeneratedRegex("{[a-z]+}")]
    private static partial Regex Blank();
}
