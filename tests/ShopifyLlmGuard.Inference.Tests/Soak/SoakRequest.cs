using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace ShopifyLlmGuard.Inference.Tests.Soak;

/// <summary>
/// A request of a soak, drawn at random, and what may become of it. The model says its prompt's letter again and again, and each
/// caller has a letter of their own: whose words an answer is made of can be seen.
/// </summary>
/// <param name="Letter">The caller's; none of them is in the chat template.</param>
/// <param name="Body">What to ask.</param>
/// <param name="Priority">How urgent it is.</param>
/// <param name="Deadline">How long somebody waits, in milliseconds; null for as long as it takes.</param>
/// <param name="LeavesAfter">When the caller goes away, whatever has come by then; null for never.</param>
/// <param name="Dies">The caller's connection is reset in the middle of the answer.</param>
internal sealed record SoakRequest(
    char Letter, Dictionary<string, object> Body, string Priority, int? Deadline, TimeSpan? LeavesAfter, bool Dies)
{
    private const string Letters = "bdfghkvz";

    /// <summary>How late an answer to a deadline may be on a machine that has other work.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(30);

    public static SoakRequest Draw(Random random)
    {
        var letter = Letters[random.Next(Letters.Length)];
        var prompt = new string(letter, random.Next(10) == 0 ? random.Next(1500, 2500) : random.Next(150, 400));
        var dies = random.Next(40) == 0;
        var body = new Dictionary<string, object>
        {
            ["messages"] = new[] { new { role = "user", content = prompt } },
            ["temperature"] = 0,
            ["max_tokens"] = dies ? 400 : random.Next(4, 100),
            ["stream"] = dies || random.Next(2) == 0,
        };
        if (random.Next(6) == 0 && !dies)
        {
            var (name, format) = random.Next(2) == 0 ? Choice(letter) : Schema();
            (body[name], body["max_tokens"]) = (format, 100);
        }

        return new SoakRequest(
            letter,
            body,
            random.Next(6) switch { 0 => "batch", 1 or 2 => "recommendations", _ => "chat" },
            random.Next(4) == 0 ? random.Next(20, 2000) : null,
            random.Next(8) == 0 ? TimeSpan.FromMilliseconds(random.Next(300)) : null,
            dies);
    }

    public HttpRequestMessage ToMessage()
    {
        var message = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = JsonContent.Create(Body) };
        message.Headers.Add("X-Caller", $"shop-{Letter}");
        message.Headers.Add("X-Priority", Priority);
        if (Deadline is { } milliseconds)
        {
            message.Headers.Add("X-Deadline-Ms", $"{milliseconds}");
        }

        return message;
    }

    /// <summary>What became of it: <c>answered</c>, <c>refused</c> or <c>deadline</c>; anything else is a sentence about what is wrong.</summary>
    public string Judge(HttpResponseMessage response, string body, TimeSpan took)
    {
        if (Deadline is { } limit && took > TimeSpan.FromMilliseconds(limit) + Margin)
        {
            return $"It had {limit} ms and took {took}.";
        }

        return response.StatusCode switch
        {
            HttpStatusCode.TooManyRequests when CodeOf(body) is { } code && (response.Headers.RetryAfter is not null || code == "deadline_unreachable") => "refused",
            HttpStatusCode.GatewayTimeout when Deadline is not null && CodeOf(body) == "deadline_exceeded" => "deadline",
            HttpStatusCode.OK => (bool)Body["stream"] ? JudgeStream(body) : JudgeWhole(body),
            _ => $"{(int)response.StatusCode} {body}",
        };
    }

    private static (string, object) Choice(char letter) => ("guided_choice", new[] { $"{letter}-1", $"{letter}-12", $"{letter}{letter}" });

    private static (string, object) Schema() => ("response_format", new
    {
        type = "json_schema",
        json_schema = new
        {
            name = "word",
            schema = new { type = "object", properties = new { word = new { type = "string", maxLength = 20 } }, required = new[] { "word" } },
        },
    });

    private string JudgeWhole(string body)
    {
        var choice = JsonSerializer.Deserialize<JsonElement>(body).GetProperty("choices")[0];
        return JudgeText(choice.GetProperty("message").GetProperty("content").GetString()!, choice.GetProperty("finish_reason").GetString()!);
    }

    private string JudgeStream(string body)
    {
        var events = body.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(each => each["data: ".Length..]).ToArray();
        if (events[^1] != "[DONE]")
        {
            return Deadline is not null && CodeOf(events[^1]) == "deadline_exceeded" ? "deadline" : $"The stream ended with {events[^1]}";
        }

        var choices = events[..^1].Select(each => JsonSerializer.Deserialize<JsonElement>(each).GetProperty("choices")[0]).ToArray();
        var text = string.Concat(choices.Select(choice => choice.GetProperty("delta").TryGetProperty("content", out var piece) ? piece.GetString() : ""));
        return JudgeText(text, choices[^1].GetProperty("finish_reason").GetString()!);
    }

    private string JudgeText(string text, string finish)
    {
        var isFree = !Body.ContainsKey("guided_choice") && !Body.ContainsKey("response_format");
        var isRight = finish is "length" or "stop"
            && (Body.TryGetValue("guided_choice", out var choices) ? ((string[])choices).Contains(text)
                : isFree ? text.Length > 0 && text.All(each => each == Letter)
                : JsonSerializer.Deserialize<JsonElement>(text).GetProperty("word").GetString()!.All(each => each == Letter));
        return isRight ? "answered" : $"'{Letter}' was told '{text}' ({finish}).";
    }

    private static string? CodeOf(string body)
    {
        try
        {
            return JsonSerializer.Deserialize<JsonElement>(body).GetProperty("error").GetProperty("code").GetString();
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException)
        {
            return null;
        }
    }
}
