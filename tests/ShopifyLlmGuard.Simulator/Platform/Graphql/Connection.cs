using System.Text;
using GraphQL;

namespace ShopifyLlmGuard.Simulator.Platform.Graphql;

/// <summary>Cuts a list into the page that `first`/`after` or `last`/`before` ask for.</summary>
internal static class Connection
{
    private const int MostPerPage = 250;

    /// <summary>The schema calls the wrappers of an item <c>{type}Connection</c> and <c>{type}Edge</c>.</summary>
    public static Node Page(string type, IReadOnlyList<Node> all, IResolveFieldContext context)
    {
        var (first, last) = (context.GetArgument<int?>("first"), context.GetArgument<int?>("last"));
        if ((first ?? last) is not { } size)
        {
            throw Bad("you must provide one of first or last");
        }

        if (size is < 1 or > MostPerPage)
        {
            throw Bad($"{size} is not a page size between 1 and {MostPerPage}");
        }

        var start = context.GetArgument<string?>("after") is { } after ? Position(after) + 1 : 0;
        var end = context.GetArgument<string?>("before") is { } before ? Position(before) : all.Count;
        (start, end) = first is not null ? (start, Math.Min(end, start + size)) : (Math.Max(start, end - size), end);
        var page = Enumerable.Range(start, Math.Max(0, Math.Min(end, all.Count) - start)).ToList();
        return new($"{type}Connection", new Dictionary<string, object?>
        {
            ["nodes"] = page.Select(at => all[at]).ToList(),
            ["edges"] = page.Select(at => new Node($"{type}Edge", new Dictionary<string, object?>
            {
                ["cursor"] = Cursor(at),
                ["node"] = all[at],
            })).ToList(),
            ["pageInfo"] = new Node("PageInfo", new Dictionary<string, object?>
            {
                ["hasNextPage"] = page.Count > 0 && page[^1] + 1 < all.Count,
                ["hasPreviousPage"] = page.Count > 0 && page[0] > 0,
                ["startCursor"] = page.Count > 0 ? Cursor(page[0]) : null,
                ["endCursor"] = page.Count > 0 ? Cursor(page[^1]) : null,
            }),
        });
    }

    private static string Cursor(int position) =>
        Convert.ToBase64String(Encoding.ASCII.GetBytes($"{{\"at\":{position}}}"));

    private static int Position(string cursor)
    {
        var bytes = new byte[cursor.Length];
        return Convert.TryFromBase64String(cursor, bytes, out var length)
            && Encoding.ASCII.GetString(bytes, 0, length) is ['{', '"', 'a', 't', '"', ':', .. var number, '}']
            && int.TryParse(number, out var position) && position >= 0
            ? position : throw Bad("Invalid cursor for current pagination sort.");
    }

    private static ExecutionError Bad(string message) => new(message) { Code = "BAD_REQUEST" };
}
