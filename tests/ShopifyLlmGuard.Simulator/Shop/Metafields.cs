using System.Security.Cryptography;
using System.Text;

namespace ShopifyLlmGuard.Simulator.Shop;

/// <summary>One stored value; <paramref name="Value"/> is always text, <paramref name="Type"/> says how to read it.</summary>
internal sealed record Metafield(
    long Id, string OwnerId, string Namespace, string Key, string Type, string Value, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt)
{
    public string Gid => $"gid://shopify/Metafield/{Id}";

    /// <summary>Changes with every change of the value: the token of Shopify's optimistic locking.</summary>
    public string CompareDigest => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{Type}\n{Value}")));
}

/// <summary>A value to write. With <paramref name="ChecksDigest"/> it is only written over <paramref name="CompareDigest"/> (null: over nothing).</summary>
internal sealed record MetafieldInput(
    string OwnerId, string Namespace, string Key, string Type, string Value, bool ChecksDigest = false, string? CompareDigest = null);

/// <summary>All metafields of the shop. The owner is a GID: <c>gid://shopify/AppInstallation/1</c>, <c>gid://shopify/Product/8101</c>.</summary>
internal sealed class Metafields(Memory memory, TimeProvider clock)
{
    private const string File = "metafields";

    private readonly Dictionary<(string Owner, string Namespace, string Key), Metafield> fields =
        memory.Recall<Metafield[]>(File)?.ToDictionary(field => (field.OwnerId, field.Namespace, field.Key)) ?? [];
    private readonly Lock gate = new();
    private long lastId = memory.Recall<Metafield[]>(File)?.Select(field => field.Id).DefaultIfEmpty(7000).Max() ?? 7000;

    public Metafield? Get(string ownerId, string @namespace, string key)
    {
        lock (gate)
        {
            return fields.GetValueOrDefault((ownerId, @namespace, key));
        }
    }

    public IReadOnlyList<Metafield> Of(string ownerId)
    {
        lock (gate)
        {
            return [.. fields.Values.Where(field => field.OwnerId == ownerId).OrderBy(field => field.Id)];
        }
    }

    public Metafield Set(string ownerId, string @namespace, string key, string type, string value) =>
        SetAll([new(ownerId, @namespace, key, type, value)]).Written[0];

    /// <summary>Writes all or nothing; <c>Stale</c> is the index of the first input whose digest no longer fits.</summary>
    public (IReadOnlyList<Metafield> Written, int? Stale) SetAll(IReadOnlyList<MetafieldInput> inputs)
    {
        lock (gate)
        {
            for (var index = 0; index < inputs.Count; index++)
            {
                if (inputs[index] is { ChecksDigest: true } input && Find(input)?.CompareDigest != input.CompareDigest)
                {
                    return ([], index);
                }
            }

            Metafield[] written = [.. inputs.Select(Write)];
            memory.Keep(File, fields.Values);
            return (written, null);
        }
    }

    public Metafield? Delete(string ownerId, string @namespace, string key)
    {
        lock (gate)
        {
            fields.Remove((ownerId, @namespace, key), out var removed);
            memory.Keep(File, fields.Values);
            return removed;
        }
    }

    /// <summary>Forgets everything of one owner: a deleted product, an uninstalled app.</summary>
    public void DeleteAll(string ownerId)
    {
        lock (gate)
        {
            foreach (var key in fields.Keys.Where(key => key.Owner == ownerId).ToList())
            {
                fields.Remove(key);
            }

            memory.Keep(File, fields.Values);
        }
    }

    private Metafield? Find(MetafieldInput input) => fields.GetValueOrDefault((input.OwnerId, input.Namespace, input.Key));

    private Metafield Write(MetafieldInput input)
    {
        var now = clock.GetUtcNow();
        var old = Find(input);
        return fields[(input.OwnerId, input.Namespace, input.Key)] = new(
            old?.Id ?? ++lastId, input.OwnerId, input.Namespace, input.Key, input.Type, input.Value, old?.CreatedAt ?? now, now);
    }
}
