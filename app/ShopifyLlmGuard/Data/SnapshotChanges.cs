namespace ShopifyLlmGuard.Data;

/// <summary>
/// Which parts of the snapshot a transaction changed, in the few words that fit into a notification, such as
/// <c>pins flags:a.myshopify.com,b.myshopify.com</c>. Who hears it reads those rows again; the words carry no values.
/// </summary>
internal sealed class SnapshotChanges
{
    // PostgreSQL takes 7,999 bytes; many keys are read faster whole.
    private const int LongestPayload = 7_000;
    private const int MostKeys = 100;

    private readonly Dictionary<string, HashSet<string>?> parts = new(StringComparer.Ordinal);

    /// <summary>Nobody said what: whoever hears it has to look at everything.</summary>
    public bool IsEverything { get; private set; }

    public bool IsNothing => !IsEverything && parts.Count == 0;

    /// <summary>The changed keys by part; null when the part is to be read whole.</summary>
    public IEnumerable<(SnapshotPart Part, IReadOnlyCollection<string>? Keys)> Parts =>
        parts.Select(part => (SnapshotParts.Find(part.Key)!, (IReadOnlyCollection<string>?)part.Value?.ToArray()));

    public static SnapshotChanges Everything() => new() { IsEverything = true };

    /// <summary>A part, or only some of its rows.</summary>
    public static SnapshotChanges In(SnapshotPart part, params IReadOnlyCollection<string> keys)
    {
        var changes = new SnapshotChanges();
        changes.Add(part, keys.Count == 0 ? null : keys);
        return changes;
    }

    /// <summary>Whatever may say something about these shops.</summary>
    public static SnapshotChanges About(IReadOnlyCollection<string> shops)
    {
        var changes = new SnapshotChanges();
        foreach (var part in SnapshotParts.All)
        {
            changes.Add(part, part.KeyOf is null ? null : shops);
        }

        return changes;
    }

    /// <summary>Reads a notification. What it does not understand, from an older or a newer server, is everything.</summary>
    public static SnapshotChanges Parse(string payload)
    {
        var changes = new SnapshotChanges { IsEverything = payload.Length == 0 };
        foreach (var word in payload.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var pieces = word.Split(':', 2);
            if (SnapshotParts.Find(pieces[0]) is { } part)
            {
                changes.Add(part, pieces.Length == 1 || part.KeyOf is null ? null : pieces[1].Split(',', StringSplitOptions.RemoveEmptyEntries));
            }
            else
            {
                changes.IsEverything = true;
            }
        }

        return changes;
    }

    public void Add(SnapshotPart part, IReadOnlyCollection<string>? keys)
    {
        if (keys is null || (parts.TryGetValue(part.Name, out var known) && known is null))
        {
            parts[part.Name] = null;
            return;
        }

        known ??= parts[part.Name] = new(StringComparer.Ordinal);
        known.UnionWith(keys);
        if (known.Count > MostKeys)
        {
            parts[part.Name] = null;
        }
    }

    public void Add(SnapshotChanges more)
    {
        IsEverything |= more.IsEverything;
        foreach (var (part, keys) in more.Parts)
        {
            Add(part, keys);
        }
    }

    /// <summary>The notification's payload.</summary>
    public override string ToString()
    {
        if (IsEverything)
        {
            return "";
        }

        var words = string.Join(' ', parts.Select(part => part.Value is null ? part.Key : $"{part.Key}:{string.Join(',', part.Value)}"));
        return System.Text.Encoding.UTF8.GetByteCount(words) <= LongestPayload ? words : string.Join(' ', parts.Keys);
    }
}
