using System.Net.ServerSentEvents;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace ShopifyLlmGuard.Benchmarks.Gateway;

/// <summary>
/// The least that a gateway can do which reads what it passes on: parse the request, ask upstream for a stream, gather it, write one
/// JSON object. No keys, limits, redaction, deadline or records: the floor under ours.
/// </summary>
internal sealed class PlainHandler(string target)
{
    private readonly HttpClient http = new(new SocketsHttpHandler()) { Timeout = TimeSpan.FromSeconds(20) };

    public async Task AnswerAsync(HttpContext context)
    {
        var asked = (await JsonNode.ParseAsync(context.Request.Body))!.AsObject();
        asked["stream"] = true;
        using var request = new HttpRequestMessage(HttpMethod.Post, target + "/v1/chat/completions") { Content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(asked)) };
        request.Content.Headers.ContentType = new("application/json");
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, context.RequestAborted);
        var text = new StringBuilder();
        await foreach (var item in SseParser.Create(await response.Content.ReadAsStreamAsync(context.RequestAborted)).EnumerateAsync(context.RequestAborted))
        {
            text.Append(item.Data == "[DONE]" ? null : WordsOf(item.Data));
        }

        await context.Response.WriteAsJsonAsync(new { choices = new[] { new { index = 0, message = new { role = "assistant", content = text.ToString() }, finish_reason = "stop" } } });
    }

    private static string? WordsOf(string data)
    {
        using var chunk = JsonDocument.Parse(data);
        return chunk.RootElement.GetProperty("choices")[0].GetProperty("delta").TryGetProperty("content", out var words) ? words.GetString() : null;
    }
}
