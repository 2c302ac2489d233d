using System.Net;
using System.Text.Json;

namespace ShopifyLlmGuard.Server.Shopify;

/// <summary>Reads what Shopify answers to a GraphQL operation. A throttled call comes as HTTP 200.</summary>
internal static class AdminReplies
{
    private static readonly TimeSpan OneSecond = TimeSpan.FromSeconds(1), Shortest = TimeSpan.FromSeconds(0.1);

    public static AdminReply Read(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return Read(document.RootElement);
        }
        catch (JsonException)
        {
            return new AdminReply.Unavailable("the answer is not JSON");
        }
    }

    public static AdminReply Read(JsonElement answer)
    {
        if (answer.ValueKind != JsonValueKind.Object)
        {
            return new AdminReply.Unavailable("the answer is no object");
        }

        if (answer.TryGetProperty("errors", out var errors) && FirstOf(errors) is var (code, message))
        {
            return code == "THROTTLED" ? new AdminReply.Throttled(Max(WaitOf(answer) ?? OneSecond, Shortest)) : new AdminReply.Refused(code, message);
        }

        return answer.TryGetProperty("data", out var data) && data.ValueKind == JsonValueKind.Object
            ? new AdminReply.Done(data.Clone()) { Pause = Max(WaitOf(answer) ?? TimeSpan.Zero, TimeSpan.Zero) }
            : new AdminReply.Unavailable("the answer has no data");
    }

    // Shopify sends a list, and for some refusals a plain string.
    private static (string Code, string Message)? FirstOf(JsonElement errors) => errors.ValueKind switch
    {
        JsonValueKind.String => ("ERROR", errors.GetString()!),
        JsonValueKind.Array when errors.GetArrayLength() > 0 => (CodeOf(errors[0]), TextOf(errors[0], "message") ?? ""),
        _ => null,
    };

    private static string CodeOf(JsonElement error) =>
        error.ValueKind == JsonValueKind.Object && error.TryGetProperty("extensions", out var extensions)
            ? TextOf(extensions, "code") ?? "ERROR"
            : "ERROR";

    private static string? TextOf(JsonElement owner, string name) =>
        owner.ValueKind == JsonValueKind.Object && owner.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    /// <summary>The bucket refills at a known rate: wait until what the query needs is there.</summary>
    private static TimeSpan? WaitOf(JsonElement answer)
    {
        if (!answer.TryGetProperty("extensions", out var extensions) || !extensions.TryGetProperty("cost", out var cost)
            || !cost.TryGetProperty("requestedQueryCost", out var requested) || !cost.TryGetProperty("throttleStatus", out var status)
            || !status.TryGetProperty("currentlyAvailable", out var available) || !status.TryGetProperty("restoreRate", out var rate)
            || rate.GetDouble() <= 0)
        {
            return null;
        }

        return TimeSpan.FromSeconds(Math.Min((requested.GetDouble() - available.GetDouble()) / rate.GetDouble(), 60));
    }

    private static TimeSpan Max(TimeSpan one, TimeSpan other) => one > other ? one : other;
}

/// <summary>Reads what Shopify's token endpoint answers.</summary>
internal static class TokenReplies
{
    public static TokenReply Read(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            var answer = document.RootElement;
            return new TokenReply.Granted(
                answer.GetProperty("access_token").GetString()!,
                answer.GetProperty("scope").GetString()!,
                TimeSpan.FromSeconds(answer.GetProperty("expires_in").GetInt32()),
                answer.GetProperty("refresh_token").GetString()!,
                TimeSpan.FromSeconds(answer.GetProperty("refresh_token_expires_in").GetInt32()));
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return new TokenReply.Unavailable("the token answer is not in the documented shape");
        }
    }

    public static TokenReply ReadRefusal(HttpStatusCode status, ReadOnlyMemory<byte> body)
    {
        var code = ErrorOf(body);
        return code is "invalid_subject_token" or "invalid_grant" ? new TokenReply.InvalidToken() : new TokenReply.InvalidClient(code ?? $"http {(int)status}");
    }

    private static string? ErrorOf(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("error", out var error) && error.ValueKind == JsonValueKind.String
                    ? error.GetString()
                    : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
