using System.Globalization;

namespace ShopifyLlmGuard.Inference.Api.Structure;

/// <summary>
/// What an answer must look like, as a grammar: OpenAI's <c>response_format</c>, or one of a list of texts as vLLM spells
/// it (<c>structured_outputs.choice</c>, before that <c>guided_choice</c>).
/// </summary>
internal static class AnswerFormat
{
    private const int MostChoices = 1000;
    private const int LongestChoice = 256;

    /// <summary>Null when the answer is free.</summary>
    /// <exception cref="FieldException">Two formats, or one that cannot be kept.</exception>
    public static string? Read(Fields fields)
    {
        string?[] formats = [ResponseFormat(fields), StructuredOutputs(fields), Choice(fields, "guided_choice")];
        return formats.Count(format => format is not null) > 1
            ? throw new FieldException("response_format", "Only one of 'response_format', 'structured_outputs' and 'guided_choice' can be kept.")
            : formats.FirstOrDefault(format => format is not null);
    }

    private static string? ResponseFormat(Fields fields) => fields.Inner("response_format") is not { } format ? null : format.Text("type") switch
    {
        "text" => null,
        "json_object" => Try(format, "type", () => WriteObject()),
        "json_schema" => Schema(format.Inner("json_schema") ?? throw format.Wrong("json_schema", "an object")),
        _ => throw format.Wrong("type", "text, json_object or json_schema"),
    };

    private static string Schema(Fields named)
    {
        _ = named.Text("name") ?? throw named.Wrong("name", "a text");
        _ = named.Text("description");
        _ = named.Switch("strict");
        return JsonSchema(named, "schema") ?? throw named.Wrong("schema", "an object");
    }

    private static string? StructuredOutputs(Fields fields)
    {
        if (fields.Inner("structured_outputs") is not { } outputs)
        {
            return null;
        }

        var choice = Choice(outputs, "choice");
        var schema = JsonSchema(outputs, "json");
        return (choice is null) != (schema is null)
            ? choice ?? schema
            : throw fields.Wrong("structured_outputs", "an object with either 'choice' or 'json'");
    }

    private static string? JsonSchema(Fields fields, string name) => fields.Inner(name) is not { } schema
        ? null
        : Try(fields, name, () => Structure.Schema.Write(schema.Element));

    private static string? Choice(Fields fields, string name)
    {
        if (fields.List(name) is null)
        {
            return null;
        }

        var choices = fields.TextOrTexts(name);
        if (choices.Count is 0 or > MostChoices || choices.Any(choice => choice.Length > LongestChoice || !IsWritable(choice)))
        {
            throw fields.Wrong(name, string.Create(
                CultureInfo.InvariantCulture, $"a list of 1 to {MostChoices} texts of up to {LongestChoice} characters, none of them blank"));
        }

        return Try(fields, name, () =>
        {
            var grammar = new Gbnf();
            return grammar.Start(Choices.Write(grammar, choices));
        });
    }

    // llama.cpp's grammar ends a token at its first zero.
    private static bool IsWritable(string choice) => !string.IsNullOrWhiteSpace(choice) && !choice.Contains('\0', StringComparison.Ordinal);

    private static string WriteObject()
    {
        var grammar = new Gbnf();
        return grammar.Start(new JsonWords(grammar).AnyObject());
    }

    private static string Try(Fields fields, string name, Func<string> write)
    {
        try
        {
            return write();
        }
        catch (StructureException error)
        {
            var path = fields.PathOf(name) + error.Path;
            throw new FieldException(path, $"'{path}' {error.Message}.");
        }
        catch (InvalidOperationException)
        {
            // JSON may spell a lone surrogate, of which there is no text.
            throw new FieldException(fields.PathOf(name), $"'{fields.PathOf(name)}' has a text that is not valid Unicode.");
        }
    }
}
