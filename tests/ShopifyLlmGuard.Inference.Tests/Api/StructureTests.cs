using System.Text.Json;
using ShopifyLlmGuard.Inference.Api;
using ShopifyLlmGuard.Inference.Api.Structure;
using ShopifyLlmGuard.Inference.Llama;

namespace ShopifyLlmGuard.Inference.Tests.Api;

/// <summary>What a grammar allows, drawn by random weights: whoever writes nonsense under it writes that structure.</summary>
public sealed class StructureTests : IDisposable
{
    private const int Draws = 12;
    private readonly StructuredWriter _writer = new(Models.Endless);

    public void Dispose() => _writer.Dispose();

    [Theory]
    [InlineData("gid://shopify/Product/1", "gid://shopify/Product/12", "gid://shopify/Product/2")]
    [InlineData("a", "ab", "abc")]
    [InlineData("Größe", "Grö", "🩺🩺", "🩺", "🙂")]
    [InlineData("\"quoted\"", "back\\slash", "tab\tand\nline", "[1]", "a | b", "root ::= x")]
    [InlineData("<|im_end|>", "<|im_start|>user", "<|x|>")]
    public void A_choice_is_one_of_the_texts_and_nothing_else(params string[] texts)
    {
        var grammar = Format("{\"structured_outputs\":{\"choice\":" + JsonSerializer.Serialize(texts) + "}}");
        var drawn = Enumerable.Range(0, Draws).Select(seed => _writer.Write(Drawn(grammar, seed))).ToArray();

        Assert.All(drawn, answer => Assert.True(answer.HasEnded));
        Assert.All(drawn, answer => Assert.Contains(answer.Text, texts));
    }

    [Fact]
    public void A_seed_decides_among_the_choices()
    {
        var grammar = Format("{\"guided_choice\":[\"a\",\"b\",\"c\",\"d\"]}");
        string[] Draw() => [.. Enumerable.Range(0, 40).Select(seed => _writer.Write(Drawn(grammar, seed)).Text)];

        var drawn = Draw();
        Assert.Equal(drawn, Draw());
        Assert.True(drawn.Distinct().Count() > 1, "every draw was the same");
    }

    [Theory]
    [InlineData("""{"type":"boolean"}""", "^(true|false)$")]
    [InlineData("""{"type":"null"}""", "^null$")]
    [InlineData("""{"type":"integer"}""", "^-?(0|[1-9][0-9]{0,14})$")]
    [InlineData("""{"type":"number"}""", """^-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,15})?([eE][-+]?[0-9]{1,2})?$""")]
    [InlineData("""{"type":"array","items":{"type":"boolean"},"minItems":2,"maxItems":3}""", """^\[(true|false)(, ?(true|false)){1,2}\]$""")]
    [InlineData("""{"type":"array","items":{"type":"null"},"maxItems":0}""", """^\[\]$""")]
    [InlineData("""{"type":"array","items":{"type":"null"},"maxItems":1}""", """^\[(null)?\]$""")]
    [InlineData("""{"enum":["a",1,true,null,"ü\n"]}""", """^("a"|1|true|null|"ü\\u000a")$""")]
    [InlineData("""{"const":"x\"y","type":"string"}""", "^\"x\\\\\"y\"$")]
    [InlineData("""{"type":["boolean","null"]}""", "^(true|false|null)$")]
    [InlineData("""{"type":"object","properties":{},"additionalProperties":false}""", """^\{\}$""")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"null"},"b":{"type":"null"}},"required":["b"]}""", """^\{("a": ?null, ?)?"b": ?null\}$""")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"null"},"b":{"type":"null"},"c":{"type":"null"}},"required":["a"]}""", """^\{"a": ?null(, ?"b": ?null)?(, ?"c": ?null)?\}$""")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"null"},"b":{"type":"null"}}}""", """^\{("a": ?null(, ?"b": ?null)?|("b": ?null)?)\}$""")]
    [InlineData("""{"anyOf":[{"type":"object","properties":{"kind":{"const":"a"}},"required":["kind"]},{"type":"null"}]}""", """^(\{"kind": ?"a"\}|null)$""")]
    [InlineData("""{"$defs":{"x/y":{"const":1}},"type":"array","items":{"$ref":"#/$defs/x~1y"},"minItems":1,"maxItems":1}""", """^\[1\]$""")]
    public void A_schema_is_kept_to_the_letter(string schema, string pattern)
    {
        var grammar = Format("{\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"x\",\"strict\":true,\"schema\":" + schema + "}}}");
        foreach (var seed in Enumerable.Range(0, Draws))
        {
            var (text, hasEnded) = _writer.Write(Drawn(grammar, seed));

            Assert.True(hasEnded, text);
            Assert.Matches(pattern, text);
            using var _ = JsonDocument.Parse(text);
        }
    }

    [Theory]
    [InlineData(0, 5)]
    [InlineData(3, 3)]
    [InlineData(2, 200)]
    public void A_text_has_the_length_that_the_schema_wants(int least, int most)
    {
        var schema = "{\"type\":\"string\",\"minLength\":" + least + ",\"maxLength\":" + most + "}";
        var grammar = Format("{\"structured_outputs\":{\"json\":" + schema + "}}");
        foreach (var seed in Enumerable.Range(0, Draws))
        {
            var (text, hasEnded) = _writer.Write(Drawn(grammar, seed));

            Assert.True(hasEnded, text);
            Assert.InRange(JsonSerializer.Deserialize<string>(text)!.EnumerateRunes().Count(), least, most);
        }
    }

    [Fact]
    public void A_free_object_is_json()
    {
        var grammar = Format("{\"response_format\":{\"type\":\"json_object\"}}");
        var ended = Enumerable.Range(0, 40).Select(seed => _writer.Write(Drawn(grammar, seed), 400)).Where(answer => answer.HasEnded).ToArray();

        Assert.NotEmpty(ended);
        Assert.All(ended, answer => Assert.Equal(JsonValueKind.Object, JsonSerializer.Deserialize<JsonElement>(answer.Text).ValueKind));
    }

    [Fact]
    public void The_likeliest_answer_keeps_the_structure_too()
    {
        var grammar = Format("{\"guided_choice\":[\"warm\",\"cold\"]}");

        Assert.Matches("^(warm|cold)$", _writer.Write(SamplingSettings.Greedy with { Grammar = grammar }).Text);
    }

    internal static string? Format(string body)
    {
        using var document = JsonDocument.Parse(body);
        return AnswerFormat.Read(new Fields(document.RootElement));
    }

    private static SamplingSettings Drawn(string? grammar, int seed) => new(1, 1, (uint)seed) { Grammar = grammar };
}
