using System.Net;
using System.Text.Json;

namespace ShopifyLlmGuard.Inference.Tests;

/// <summary>What a client of OpenAI's can read: an answer, a stream or an error.</summary>
internal static class WellFormed
{
    public static async Task CheckAsync(HttpResponseMessage response)
    {
        var body = await response.Content.ReadAsStringAsync();
        if (response.StatusCode != HttpStatusCode.OK)
        {
            CheckError(JsonSerializer.Deserialize<JsonElement>(body), (int)response.StatusCode);
        }
        else if (response.Content.Headers.ContentType?.MediaType == "text/event-stream")
        {
            CheckStream(body);
        }
        else
        {
            CheckAnswer(JsonSerializer.Deserialize<JsonElement>(body));
        }
    }

    private static void CheckAnswer(JsonElement answer)
    {
        var choice = Assert.Single(answer.GetProperty("choices").EnumerateArray());
        Assert.NotNull(choice.GetProperty("message").GetProperty("content").GetString());
        Assert.Matches("^(stop|length)$", choice.GetProperty("finish_reason").GetString());
        Assert.True(answer.GetProperty("usage").GetProperty("completion_tokens").GetInt32() > 0);
    }

    private static void CheckStream(string body)
    {
        var lines = body.Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.All(lines, line => Assert.StartsWith("data: ", line, StringComparison.Ordinal));
        if (lines[^1] != "data: [DONE]")
        {
            CheckError(JsonSerializer.Deserialize<JsonElement>(lines[^1][6..]), 500);
        }

        Assert.All(lines[..^1], line => Assert.True(JsonSerializer.Deserialize<JsonElement>(line[6..]).TryGetProperty("choices", out _)));
    }

    private static void CheckError(JsonElement body, int status)
    {
        var error = body.GetProperty("error");
        var code = error.GetProperty("code").GetString();
        Assert.NotEmpty(error.GetProperty("message").GetString()!);
        Assert.NotEmpty(error.GetProperty("type").GetString()!);
        Assert.True(error.GetProperty("param").ValueKind is JsonValueKind.String or JsonValueKind.Null);
        // An answer without a word is the only failure that a caller may bring about.
        Assert.True(status is >= 400 and < 500 || code == "empty_answer", $"{status} {code}");
    }
}
