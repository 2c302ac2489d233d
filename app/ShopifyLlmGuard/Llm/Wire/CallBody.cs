using System.Buffers;
using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace ShopifyLlmGuard.Llm.Wire;

/// <summary>A call as the OpenAI wire format has it: always as a stream, always with the tokens that it took.</summary>
internal static class CallBody
{
    private const int Usual = 1024;
    private static readonly MediaTypeHeaderValue Json = new("application/json");

    public static HttpContent Of(string model, IReadOnlyList<ChatMessage> messages, Sampling sampling)
    {
        var bytes = new ArrayBufferWriter<byte>(Usual);
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteString("model"u8, model);
            Write(json, messages);
            json.WriteBoolean("stream"u8, true);
            json.WriteStartObject("stream_options"u8);
            json.WriteBoolean("include_usage"u8, true);
            json.WriteEndObject();
            Write(json, sampling);
            json.WriteEndObject();
        }

        return new ReadOnlyMemoryContent(bytes.WrittenMemory) { Headers = { ContentType = Json } };
    }

    private static void Write(Utf8JsonWriter json, IReadOnlyList<ChatMessage> messages)
    {
        json.WriteStartArray("messages"u8);
        foreach (var message in messages)
        {
            json.WriteStartObject();
            json.WriteString("role"u8, message.Role.Value);
            json.WriteString("content"u8, message.Text);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, Sampling sampling)
    {
        WriteNumber(json, "max_completion_tokens", sampling.MaxTokens);
        WriteNumber(json, "temperature", sampling.Temperature);
        WriteNumber(json, "top_p", sampling.TopP);
        WriteNumber(json, "frequency_penalty", sampling.FrequencyPenalty);
        WriteNumber(json, "presence_penalty", sampling.PresencePenalty);
        WriteNumber(json, "seed", sampling.Seed);
        if (sampling.Stop.Count == 0)
        {
            return;
        }

        json.WriteStartArray("stop"u8);
        foreach (var text in sampling.Stop)
        {
            json.WriteStringValue(text);
        }

        json.WriteEndArray();
    }

    private static void WriteNumber(Utf8JsonWriter json, string name, long? number)
    {
        if (number is { } some)
        {
            json.WriteNumber(name, some);
        }
    }

    private static void WriteNumber(Utf8JsonWriter json, string name, float? number)
    {
        if (number is { } some)
        {
            json.WriteNumber(name, some);
        }
    }
}

/// <summary>
/// Tells the host how long the caller still waits, so that it drops work that nobody will read; for whom it works, by a name that
/// says nothing, so that it keeps callers apart; and how urgent it is. Hosts that do not know these headers ignore them.
/// </summary>
internal static class HostHeaders
{
    private const string Deadline = "X-Deadline-Ms", Caller = "X-Caller", Priority = "X-Priority";

    public static void Write(HttpRequestHeaders headers, Deadline deadline, ModelCall? call)
    {
        headers.TryAddWithoutValidation(Deadline, ((long)deadline.Remaining.TotalMilliseconds).ToString(CultureInfo.InvariantCulture));
        if (call is not null)
        {
            headers.TryAddWithoutValidation(Caller, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(call.Caller.Id)).AsSpan(0, 8)));
            headers.TryAddWithoutValidation(Priority, call.Feature == Flags.Features.Recommendations ? "recommendations" : "chat");
        }
    }
}
