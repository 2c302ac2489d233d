using System.IO.Compression;
using System.Text.Json;
using GraphQL;
using GraphQL.Resolvers;
using GraphQL.Types;
using GraphQLParser;
using GraphQLParser.AST;

namespace ShopifyLlmGuard.Simulator.Platform.Graphql;

/// <summary>Shopify's published introspection of the Admin API as an executable schema over <see cref="Node"/>s.</summary>
internal sealed class OfficialSchema : Schema
{
    private static readonly IFieldResolver Resolver = new FuncFieldResolver<object?>(Node.Resolve);

    private readonly Dictionary<string, IGraphType> types = [];

    private OfficialSchema(JsonElement schema)
        : base(new DefaultServiceProvider())
    {
        var definitions = schema.GetProperty("types").EnumerateArray()
            .Where(type => !Name(type).StartsWith("__", StringComparison.Ordinal)).ToList();
        foreach (var definition in definitions)
        {
            Add(definition);
        }

        foreach (var definition in definitions)
        {
            Connect(definition);
        }

        Query = (IObjectGraphType)types[schema.GetProperty("queryType").GetProperty("name").GetString()!];
        Mutation = (IObjectGraphType)types[schema.GetProperty("mutationType").GetProperty("name").GetString()!];
        foreach (var type in types.Values)
        {
            this.RegisterType(type);
        }

        Initialize();
    }

    public static OfficialSchema Read(string introspectionGzip)
    {
        using var file = File.OpenRead(introspectionGzip);
        using var json = new GZipStream(file, CompressionMode.Decompress);
        using var document = JsonDocument.Parse(json);
        return new(document.RootElement.GetProperty("data").GetProperty("__schema"));
    }

    private void Add(JsonElement definition)
    {
        var name = Name(definition);
        types[name] = (definition.GetProperty("kind").GetString(), name) switch
        {
            ("SCALAR", "String") => new StringGraphType(),
            ("SCALAR", "Int") => new IntGraphType(),
            ("SCALAR", "Float") => new FloatGraphType(),
            ("SCALAR", "Boolean") => new BooleanGraphType(),
            ("SCALAR", "ID") => new IdGraphType(),
            ("SCALAR", _) => new TextScalar(name),
            ("ENUM", _) => Values(definition, new() { Name = name }),
            ("INPUT_OBJECT", _) => new InputObjectGraphType { Name = name },
            ("INTERFACE", _) => new InterfaceGraphType { Name = name, ResolveType = Concrete },
            ("UNION", _) => new UnionGraphType { Name = name, ResolveType = Concrete },
            _ => new ObjectGraphType { Name = name, IsTypeOf = value => value is Node node && node.Type == name },
        };
    }

    private void Connect(JsonElement definition)
    {
        switch (types[Name(definition)])
        {
            case InputObjectGraphType input:
                foreach (var field in Each(definition, "inputFields"))
                {
                    input.AddField(new FieldType
                    {
                        Name = Name(field),
                        ResolvedType = Reference(field.GetProperty("type")),
                        DefaultValue = Default(field),
                    });
                }

                break;
            case UnionGraphType union:
                foreach (var possible in Each(definition, "possibleTypes"))
                {
                    union.AddPossibleType((IObjectGraphType)types[Name(possible)]);
                }

                break;
            case InterfaceGraphType face:
                AddFields(definition, face);
                break;
            case ObjectGraphType type:
                AddFields(definition, type);
                foreach (var face in Each(definition, "interfaces"))
                {
                    type.AddResolvedInterface((IInterfaceGraphType)types[Name(face)]);
                }

                break;
        }
    }

    private static void AddFields(JsonElement definition, IComplexGraphType type)
    {
        foreach (var field in Each(definition, "fields"))
        {
            type.AddField(new FieldType
            {
                Name = Name(field),
                ResolvedType = Reference(field.GetProperty("type")),
                Arguments = new QueryArguments(Each(field, "args").Select(Argument)),
                DeprecationReason = field.GetProperty("deprecationReason").GetString(),
                Resolver = type is IObjectGraphType ? Resolver : null,
            });
        }
    }

    private static QueryArgument Argument(JsonElement argument) => new(Reference(argument.GetProperty("type")))
    {
        Name = Name(argument),
        DefaultValue = Default(argument),
    };

    private static EnumerationGraphType Values(JsonElement definition, EnumerationGraphType type)
    {
        foreach (var value in Each(definition, "enumValues"))
        {
            type.Add(Name(value), Name(value));
        }

        return type;
    }

    private static IGraphType Reference(JsonElement type) => type.GetProperty("kind").GetString() switch
    {
        "NON_NULL" => new NonNullGraphType(Reference(type.GetProperty("ofType"))),
        "LIST" => new ListGraphType(Reference(type.GetProperty("ofType"))),
        _ => new GraphQLTypeReference(Name(type)),
    };

    private static GraphQLValue? Default(JsonElement value) =>
        value.GetProperty("defaultValue").GetString() is { } literal ? Parser.Parse<GraphQLValue>(literal) : null;

    private IObjectGraphType? Concrete(object value) =>
        value is Node node ? (IObjectGraphType)types[node.Type] : null;

    private static string Name(JsonElement element) => element.GetProperty("name").GetString()!;

    private static JsonElement.ArrayEnumerator Each(JsonElement element, string property) =>
        element.GetProperty(property) is { ValueKind: JsonValueKind.Array } list ? list.EnumerateArray() : default;

    /// <summary>Shopify's own scalars travel as strings; JSON and the big integers may also be written as literals.</summary>
    private sealed class TextScalar : ScalarGraphType
    {
        public TextScalar(string name) => Name = name;

        private bool Open => Name is "JSON" or "BigInt" or "UnsignedInt64" or "Decimal" or "Money";

        public override object? ParseValue(object? value) =>
            value is null or string || Open ? value : ThrowValueConversionError(value);

        public override object? ParseLiteral(GraphQLValue value) => value switch
        {
            GraphQLStringValue text => (string)text.Value,
            GraphQLNullValue => null,
            GraphQLIntValue number when Open => (string)number.Value,
            GraphQLFloatValue number when Open => (string)number.Value,
            _ => ThrowLiteralConversionError(value),
        };

        public override object? Serialize(object? value) => value;
    }
}
