using System.Globalization;
using System.Text.Json;

namespace ShopifyLlmGuard.Inference.Api.Structure;

/// <summary>
/// Turns a JSON schema into a grammar for exactly its values. What the grammar cannot promise is refused, with the path
/// of the keyword, rather than ignored. References are written out in place, so that a small schema cannot stand for a
/// huge one: the budget of parts counts what is really written.
/// </summary>
internal sealed class Schema
{
    private const int MostParts = 1000;
    private const int MostDepth = 12;

    // Of all ways that may be open at once, so many may be kinds of value.
    private const int MostKinds = 16;

    private readonly JsonElement _root;
    private readonly JsonWords _json = new(new Gbnf());
    private int _parts;

    private Schema(JsonElement root) => _root = root;

    /// <exception cref="StructureException">The schema says something that no grammar here can keep.</exception>
    public static string Write(JsonElement schema)
    {
        var writer = new Schema(schema);
        return writer._json.Grammar.Start(writer.Value(new SchemaPart(schema, "", 0, 1)));
    }

    private string Value(SchemaPart part)
    {
        if (part.Element.ValueKind != JsonValueKind.Object)
        {
            throw part.Wrong("must be a schema: an object");
        }

        if (++_parts > MostParts || part.Depth > MostDepth)
        {
            throw part.Wrong(_parts > MostParts
                ? $"is one part too many: a schema has at most {MostParts}, references written out"
                : $"is too deep: a schema has at most {MostDepth} levels, and cannot hold itself");
        }

        if (part.Find("$ref") is { } reference)
        {
            part.AllowOnly("$ref");
            return Value(part with { Element = Target(reference), Depth = part.Depth + 1 });
        }

        return part.Find("anyOf") is { } any ? AnyOf(part, any)
            : part.Find("enum") is { } list ? OneOf(part, list, "enum")
            : part.Find("const") is { } constant ? Constant(part, constant)
            : Typed(part);
    }

    private string AnyOf(SchemaPart part, SchemaPart any)
    {
        part.AllowOnly("anyOf");
        var branches = any.Items(1).ToArray();
        var alternatives = part.Alternatives * OpenTogether(branches);
        return alternatives <= MostKinds
            ? _json.Grammar.Rule(string.Join(" | ", branches.Select(branch => Value(branch with { Alternatives = alternatives }))))
            : throw any.Wrong($"leaves more than {MostKinds} kinds of value open at once");
    }

    // An object beside null is told apart by its first character; two kinds of object are not.
    private static int OpenTogether(SchemaPart[] branches)
    {
        var kinds = branches.Select(branch => branch.Find("type") is { Element.ValueKind: JsonValueKind.String } type ? type.Text() : "any")
            .CountBy(name => name == "integer" ? "number" : name)
            .ToDictionary();
        return kinds.GetValueOrDefault("any") + kinds.Where(kind => kind.Key != "any").Select(kind => kind.Value).DefaultIfEmpty(0).Max();
    }

    private string OneOf(SchemaPart part, SchemaPart list, string keyword)
    {
        part.AllowOnly(keyword, "type");
        return Literals(list, [.. list.Items(1).Select(item => Literal(part, item))]);
    }

    private string Constant(SchemaPart part, SchemaPart constant)
    {
        part.AllowOnly("const", "type");
        return Literals(constant, [Literal(part, constant)]);
    }

    private static string Literal(SchemaPart part, SchemaPart value) => part.AllowsType(value.Element.ValueKind)
        ? value.Literal()
        : throw value.Wrong("is not of the 'type' beside it");

    private string Literals(SchemaPart at, string[] literals)
    {
        try
        {
            return Choices.Write(_json.Grammar, literals, Choices.MostBranches / at.Alternatives);
        }
        catch (StructureException error) when (error.Path.Length == 0)
        {
            throw new StructureException(at.Path, error.Message);
        }
    }

    private string Typed(SchemaPart part)
    {
        var type = part.Find("type") ?? throw part.Wrong("needs a 'type', 'enum', 'const', 'anyOf' or '$ref'");
        if (type.Element.ValueKind == JsonValueKind.String)
        {
            return OfType(part, type, type.Text());
        }

        SchemaPart[] types = [.. type.Items(1)];
        var names = types.Select(each => each.Text()).ToArray();
        return names.Distinct().Count() == names.Length
            ? _json.Grammar.Rule(string.Join(" | ", types.Select(each => OfType(part, each, each.Text(), [.. names]))))
            : throw type.Wrong("names a type twice");
    }

    private string OfType(SchemaPart part, SchemaPart type, string name, params string[] beside)
    {
        part.AllowOnly([.. KeywordsOf(name), .. beside.SelectMany(KeywordsOf), "type"]);
        return name switch
        {
            "object" => Object(part),
            "array" => List(part),
            "string" => Text(part),
            "integer" => _json.Integer,
            "number" => _json.Number,
            "boolean" => _json.Boolean,
            "null" => _json.Null,
            _ => throw type.Wrong("is no type of JSON schema"),
        };
    }

    private static string[] KeywordsOf(string type) => type switch
    {
        "object" => ["properties", "required", "additionalProperties"],
        "array" => ["items", "minItems", "maxItems"],
        "string" => ["minLength", "maxLength"],
        _ => [],
    };

    private string Text(SchemaPart part)
    {
        var (least, most) = part.Bounds("minLength", "maxLength");
        return _json.Text(least, most);
    }

    private string List(SchemaPart part)
    {
        var items = part.Find("items") ?? throw part.Wrong("needs 'items'");
        var (least, most) = part.Bounds("minItems", "maxItems");
        return _json.List(Value(items with { Depth = part.Depth + 1 }), least, most);
    }

    private string Object(SchemaPart part)
    {
        if (part.Find("additionalProperties") is { } additional && additional.Element.ValueKind != JsonValueKind.False)
        {
            throw additional.Wrong("must be false: only the named properties can be written");
        }

        var properties = part.Find("properties") is { } named ? named.Properties() : [];
        var required = part.Find("required") is { } list ? list.Items(0).Select(item => item.Text()).ToHashSet() : [];
        if (required.Except(properties.Select(property => property.Name)).FirstOrDefault() is { } unknown)
        {
            throw part.Wrong($"requires '{unknown}', which is not among its properties");
        }

        // Each optional property in a row is one alternative more of what may come next.
        var alternatives = part.Alternatives * (1 + properties.Count(property => !required.Contains(property.Name)));
        return alternatives <= Choices.MostBranches
            ? new ObjectRule(_json).Write([.. properties.Select(property => Property(property, required))])
            : throw part.Wrong("leaves too many alternatives open at once: make more properties required");
    }

    private ObjectRule.Property Property((string Name, SchemaPart Part) property, HashSet<string> required) => new(
        $"{Gbnf.Literal(JsonWords.Quote(property.Name) + ":")} {_json.Space} {Value(property.Part)}",
        required.Contains(property.Name));

    private JsonElement Target(SchemaPart reference)
    {
        var pointer = reference.Text();
        if (pointer is not "#" && !pointer.StartsWith("#/", StringComparison.Ordinal))
        {
            throw reference.Wrong("must point into this schema: '#/…'");
        }

        var target = _root;
        foreach (var step in pointer.Split('/').Skip(1).Select(Unescape))
        {
            target = target.ValueKind switch
            {
                JsonValueKind.Object when target.TryGetProperty(step, out var inner) => inner,
                JsonValueKind.Array when int.TryParse(step, NumberStyles.None, CultureInfo.InvariantCulture, out var index)
                    && index < target.GetArrayLength() => target[index],
                _ => throw reference.Wrong("points nowhere"),
            };
        }

        return target;
    }

    private static string Unescape(string step) => Uri.UnescapeDataString(step)
        .Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
}
