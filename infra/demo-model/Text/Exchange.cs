namespace ShopifyLlmGuard.DemoModel.Text;

/// <summary>One question and its answer, about the products of one list.</summary>
internal sealed record Exchange(string Question, string Answer);

/// <summary>The product a question is about, and how the answer names it.</summary>
internal sealed record Choice(Item Item, int Index)
{
    public string Marker => $"[{Index + 1}]";

    public static Choice First(IReadOnlyList<Item> items, Func<Item, bool> fits)
    {
        var index = items.TakeWhile(item => !fits(item)).Count();
        return new Choice(items[index], index);
    }
}
