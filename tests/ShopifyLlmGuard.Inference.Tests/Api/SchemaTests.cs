using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using ShopifyLlmGuard.Inference.Api;
using ShopifyLlmGuard.Inference.Llama;

namespace ShopifyLlmGuard.Inference.Tests.Api;

/// <summary>A schema is kept or refused with the path of what cannot be kept; nothing of it is ignored.</summary>
public sealed class SchemaTests
{
    private const string Root = "response_format.json_schema.schema";

    [Theory]
    [InlineData("5", "")]
    [InlineData("true", "")]
    [InlineData("{}", "")]
    [InlineData("""{"type":"text"}""", ".type")]
    [InlineData("""{"type":7}""", ".type")]
    [InlineData("""{"type":[]}""", ".type")]
    [InlineData("""{"type":["null","null"]}""", ".type")]
    [InlineData("""{"type":"string","pattern":"a+"}""", ".pattern")]
    [InlineData("""{"type":"string","format":"date"}""", ".format")]
    [InlineData("""{"type":"string","maxLength":-1}""", ".maxLength")]
    [InlineData("""{"type":"string","maxLength":2001}""", ".maxLength")]
    [InlineData("""{"type":"string","maxLength":1.5}""", ".maxLength")]
    [InlineData("""{"type":"string","minLength":5,"maxLength":4}""", "")]
    [InlineData("""{"type":"integer","minimum":5}""", ".minimum")]
    [InlineData("""{"type":"null","maxLength":5}""", ".maxLength")]
    [InlineData("""{"type":"array"}""", "")]
    [InlineData("""{"type":"array","items":[{"type":"null"}]}""", ".items")]
    [InlineData("""{"type":"array","items":{"type":"null"},"uniqueItems":true}""", ".uniqueItems")]
    [InlineData("""{"type":"array","items":{"type":"array","items":{"type":"x"}}}""", ".items.items.type")]
    [InlineData("""{"type":"object","additionalProperties":true}""", ".additionalProperties")]
    [InlineData("""{"type":"object","additionalProperties":{"type":"null"}}""", ".additionalProperties")]
    [InlineData("""{"type":"object","patternProperties":{}}""", ".patternProperties")]
    [InlineData("""{"type":"object","properties":[]}""", ".properties")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"string","pattern":"x"}}}""", ".properties.a.pattern")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"null"}},"required":["b"]}""", "")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"null"}},"required":"a"}""", ".required")]
    [InlineData("""{"type":"object","properties":{"\ud800":{"type":"null"}}}""", "")]
    [InlineData("""{"enum":[]}""", ".enum")]
    [InlineData("""{"enum":[[]]}""", ".enum[0]")]
    [InlineData("""{"enum":["a",{"b":1}]}""", ".enum[1]")]
    [InlineData("""{"enum":["a",5],"type":"string"}""", ".enum[1]")]
    [InlineData("""{"const":"\ud800"}""", "")]
    [InlineData("""{"anyOf":[]}""", ".anyOf")]
    [InlineData("""{"anyOf":[{"type":"null"}],"type":"null"}""", ".type")]
    [InlineData("""{"oneOf":[{"type":"null"}]}""", "")]
    [InlineData("""{"allOf":[{"type":"null"}],"type":"null"}""", ".allOf")]
    [InlineData("""{"not":{"type":"null"},"type":"null"}""", ".not")]
    [InlineData("""{"$ref":"#/$defs/nothing"}""", ".$ref")]
    [InlineData("""{"$ref":"http://example.org/schema"}""", ".$ref")]
    [InlineData("""{"$ref":5}""", ".$ref")]
    [InlineData("""{"$ref":"#"}""", "")]
    [InlineData("""{"$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}},"$ref":"#/$defs/a"}""", "")]
    public void What_cannot_be_kept_is_named(string schema, string path)
    {
        var error = Assert.Throws<FieldException>(() => Write(schema));

        Assert.Equal(Root + path, error.Param);
        Assert.InRange(error.Message.Length, 1, 400);
    }

    /// <summary>Small to send, huge to write out; each would otherwise cost llama.cpp seconds or its stack.</summary>
    public static TheoryData<string, string> Bombs => new()
    {
        { "an object that holds itself", """{"type":"object","properties":{"next":{"$ref":"#"}},"required":["next"]}""" },
        { "alternatives doubled thirty times", $$"""{"$defs":{"d0":{"type":"null"},{{Doubled("anyOf", 30)}}},"$ref":"#/$defs/d30"}""" },
        { "properties doubled thirty times", $$"""{"$defs":{"d0":{"type":"null"},{{DoubledProperties(30)}}},"$ref":"#/$defs/d30"}""" },
        { "a list in a list in a list", string.Concat(Enumerable.Repeat("{\"type\":\"array\",\"items\":", 40)) + "{\"type\":\"null\"}" + new string('}', 40) },
        { "two thousand properties", "{\"type\":\"object\",\"properties\":{" + Many(2000, index => $"\"p{index}\":{{\"type\":\"null\"}}") + "}}" },
        { "a hundred optional properties", "{\"type\":\"object\",\"properties\":{" + Many(100, index => $"\"p{index}\":{{\"type\":\"null\"}}") + "}}" },
        { "lengths that add up", $$"""{"anyOf":[{{Many(12, index => $"{{\"type\":\"string\",\"minLength\":{1900 + index}}}")}}]}""" },
        { "kinds of object that begin alike", $$"""{"anyOf":[{{Many(40, index => $"{{\"type\":\"object\",\"properties\":{{\"k\":{{\"const\":{index}}}}}}}")}}]}""" },
        { "kinds of text", $$"""{"anyOf":[{{Many(40, index => $"{{\"type\":\"string\",\"minLength\":{index}}}")}}]}""" },
        { "choices in kinds of object", $$"""{"anyOf":[{{Many(8, index => $"{{\"type\":\"object\",\"properties\":{{\"k\":{{\"enum\":[{Many(30, first => $"\"{(char)('A' + first)}{index}\"").Replace("\\", "\\\\", StringComparison.Ordinal)}]}}}},\"required\":[\"k\"]}}")}}]}""" },
        { "a thousand first characters", $$"""{"enum":[{{Many(1000, index => $"\"{(char)(0x4E00 + index)}\"")}}]}""" },
        { "five thousand values", $$"""{"enum":[{{Many(5000, index => $"{index}")}}]}""" },
    };

    [Theory]
    [MemberData(nameof(Bombs))]
    public void A_schema_that_would_explode_is_refused(string what, string schema) =>
        Assert.False(string.IsNullOrEmpty(Assert.Throws<FieldException>(() => Write(schema)).Param), what);

    [Theory]
    [InlineData("{\"response_format\":{\"type\":\"json_schema\"}}", "response_format.json_schema")]
    [InlineData("{\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"x\"}}}", "response_format.json_schema.schema")]
    [InlineData("{\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"schema\":{}}}}", "response_format.json_schema.name")]
    [InlineData("{\"response_format\":{}}", "response_format.type")]
    [InlineData("{\"structured_outputs\":{}}", "structured_outputs")]
    [InlineData("{\"structured_outputs\":{\"regex\":\"a+\"}}", "structured_outputs")]
    [InlineData("{\"structured_outputs\":{\"choice\":[\"a\"],\"json\":{\"type\":\"null\"}}}", "structured_outputs")]
    [InlineData("{\"structured_outputs\":{\"choice\":[]}}", "structured_outputs.choice")]
    [InlineData("{\"structured_outputs\":{\"choice\":[\" \"]}}", "structured_outputs.choice")]
    [InlineData("{\"structured_outputs\":{\"choice\":[\"a\\u0000b\"]}}", "structured_outputs.choice")]
    [InlineData("{\"guided_choice\":[5]}", "guided_choice")]
    [InlineData("{\"guided_choice\":[\"a\"],\"response_format\":{\"type\":\"json_object\"}}", "response_format")]
    public void A_format_that_is_none_is_named(string body, string param) =>
        Assert.Equal(param, Assert.Throws<FieldException>(() => StructureTests.Format(body)).Param);

    [Property(MaxTest = 60)]
    public Property A_schema_that_is_taken_is_kept() => Prop.ForAll(Schemas(3).ToArbitrary(), schema =>
    {
        using var writer = new StructuredWriter(Models.Endless);
        var (text, hasEnded) = writer.Write(new SamplingSettings(1, 1, 11) { Grammar = Write(schema) }, most: 1500);
        // A text without a bound may fill the whole answer; what has ended must be a value of the schema.
        return !hasEnded || IsValid(JsonSerializer.Deserialize<JsonElement>(text), JsonSerializer.Deserialize<JsonElement>(schema));
    });

    private static Gen<string> Schemas(int depth)
    {
        var leaf = Gen.OneOf(
            Gen.Elements("""{"type":"boolean"}""", """{"type":"null"}""", """{"type":"integer"}""", """{"type":"number"}""", """{"enum":["a","ä\"","<|x|>",1,null]}"""),
            Gen.Choose(0, 12).Select(most => "{\"type\":\"string\",\"minLength\":" + most / 2 + ",\"maxLength\":" + most + "}"));
        return depth == 0 ? leaf : Gen.OneOf(
            leaf,
            Gen.Choose(0, 4).SelectMany(most => Schemas(depth - 1).Select(items =>
                "{\"type\":\"array\",\"items\":" + items + ",\"minItems\":" + most / 2 + ",\"maxItems\":" + most + "}")),
            Gen.Choose(0, 15).SelectMany(required => Gen.ListOf(Schemas(depth - 1), 4).Select(values =>
                "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
                + string.Join(',', values.Select((value, index) => $"\"p{index}\":{value}")) + "},\"required\":["
                + string.Join(',', Enumerable.Range(0, 4).Where(bit => (required >> bit & 1) == 1).Select(bit => $"\"p{bit}\"")) + "]}")));
    }

    private static bool IsValid(JsonElement value, JsonElement schema) =>
        schema.TryGetProperty("enum", out var values) ? values.EnumerateArray().Any(each => JsonElement.DeepEquals(each, value))
        : schema.GetProperty("type").GetString() switch
        {
            "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
            "null" => value.ValueKind == JsonValueKind.Null,
            "integer" => value.TryGetInt64(out _),
            "number" => value.TryGetDouble(out _),
            "string" => IsWithin(schema, "Length", value.GetString()!.EnumerateRunes().Count()),
            "array" => IsWithin(schema, "Items", value.GetArrayLength())
                && value.EnumerateArray().All(item => IsValid(item, schema.GetProperty("items"))),
            _ => schema.GetProperty("required").EnumerateArray().All(name => value.TryGetProperty(name.GetString()!, out _))
                && value.EnumerateObject().All(property => IsValid(property.Value, schema.GetProperty("properties").GetProperty(property.Name))),
        };

    private static bool IsWithin(JsonElement schema, string what, int count) =>
        count >= schema.GetProperty($"min{what}").GetInt32() && count <= schema.GetProperty($"max{what}").GetInt32();

    private static string Write(string schema) => StructureTests.Format(
        "{\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"x\",\"schema\":" + schema + "}}}")!;

    private static string Many(int count, Func<int, string> each) => string.Join(',', Enumerable.Range(0, count).Select(each));

    private static string Doubled(string keyword, int times) => string.Join(',', Enumerable.Range(1, times).Select(level =>
        $$"""  "d{{level}}":{"{{keyword}}":[{"$ref":"#/$defs/d{{level - 1}}"},{"$ref":"#/$defs/d{{level - 1}}"}]}"""));

    private static string DoubledProperties(int times) => string.Join(',', Enumerable.Range(1, times).Select(level =>
        $$$""" "d{{{level}}}":{"type":"object","properties":{"a":{"$ref":"#/$defs/d{{{level - 1}}}"},"b":{"$ref":"#/$defs/d{{{level - 1}}}"} } }"""));
}
