using System.Collections.Concurrent;

namespace ShopifyLlmGuard.Simulator.Storefront.Liquid;

/// <summary>What was made from a file, until the file changes: a theme is edited while the shop runs.</summary>
internal sealed class FileCache<T>(Func<string, T> make)
{
    private readonly ConcurrentDictionary<string, (DateTime Written, T Made)> entries = new();

    public T Get(string path)
    {
        var written = File.GetLastWriteTimeUtc(path);
        if (entries.TryGetValue(path, out var entry) && entry.Written == written)
        {
            return entry.Made;
        }

        var made = make(path);
        entries[path] = (written, made);
        return made;
    }
}
