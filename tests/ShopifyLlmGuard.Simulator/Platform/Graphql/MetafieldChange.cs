using System.Text;
using System.Text.Json;
using ShopifyLlmGuard.Simulator.Shop;

namespace ShopifyLlmGuard.Simulator.Platform.Graphql;

/// <summary>One refusal of a metafield, with the code of the official enumeration.</summary>
internal sealed record MetafieldFault(string Field, string Code, string Message);

/// <summary>
/// One wanted metafield and Shopify's rules about it. If <paramref name="Guarded"/>, the caller gave the digest that it last
/// saw, and null means that the metafield must not exist yet.
/// </summary>
internal sealed record MetafieldChange(
    string OwnerId, string Namespace, string Key, string? Type, string Value, string? Digest, bool Guarded)
{
    private const int LargestJson = 128 * 1024;
    private const int LargestText = 64 * 1024;

    private static readonly string[] Types =
    [
        "boolean", "json", "single_line_text_field", "multi_line_text_field", "number_integer", "number_decimal", "url",
        "date_time",
    ];

    public static MetafieldFault Stale { get; } =
        new("compareDigest", "STALE_OBJECT", "The resource has been updated since it was loaded.");

    public static MetafieldChange From(Dictionary<string, object?> input) => new(
        (string)input["ownerId"]!, input.GetValueOrDefault("namespace") as string ?? "$app", (string)input["key"]!,
        input.GetValueOrDefault("type") as string, (string)input["value"]!,
        input.GetValueOrDefault("compareDigest") as string, input.ContainsKey("compareDigest"));

    public MetafieldInput ToInput() => new(OwnerId, Namespace, Key, Type!, Value, Guarded, Digest);

    public IEnumerable<MetafieldFault> Faults(bool ownerExists, Metafield? existing)
    {
        if (!ownerExists)
        {
            yield return new("ownerId", "INVALID", "Owner does not exist.");
        }

        foreach (var fault in NameFaults())
        {
            yield return fault;
        }

        if (existing is not null && Type is not null && Type != existing.Type)
        {
            yield return new("type", "INVALID_TYPE", $"Type must be '{existing.Type}': it cannot change.");
        }

        if (ValueFault() is { } wrong)
        {
            yield return wrong;
        }
    }

    private IEnumerable<MetafieldFault> NameFaults()
    {
        if (Key.Length is < 2 or > 64)
        {
            yield return new("key", Key.Length < 2 ? "TOO_SHORT" : "TOO_LONG", "Key must have 2 to 64 characters.");
        }

        if (Namespace.Length is < 3 or > 255)
        {
            yield return new("namespace", Namespace.Length < 3 ? "TOO_SHORT" : "TOO_LONG", "Namespace must have 3 to 255 characters.");
        }

        if (Type is null)
        {
            yield return new("type", "BLANK", "Type can't be blank: there is no definition.");
        }
        else if (!Types.Contains(Type))
        {
            yield return new("type", "INCLUSION", $"Type '{Type}' is none of those that the simulator knows.");
        }
    }

    private MetafieldFault? ValueFault()
    {
        if (Value.Length == 0)
        {
            return new("value", "BLANK", "Value can't be blank.");
        }

        if (Encoding.UTF8.GetByteCount(Value) > (Type == "json" ? LargestJson : LargestText))
        {
            return new("value", "TOO_LONG", "Value is too large for its type.");
        }

        var fits = Type switch
        {
            "json" => IsJson(),
            "boolean" => Value is "true" or "false",
            "number_integer" => long.TryParse(Value, out _),
            "single_line_text_field" => !Value.Contains('\n', StringComparison.Ordinal),
            "url" => Uri.TryCreate(Value, UriKind.Absolute, out _),
            _ => true,
        };
        return fits ? null : new("value", "INVALID_VALUE", $"Value is invalid for the type '{Type}'.");
    }

    private bool IsJson()
    {
        try
        {
            using var document = JsonDocument.Parse(Value);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
