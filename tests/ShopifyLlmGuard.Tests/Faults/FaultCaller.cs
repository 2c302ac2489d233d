using System.Diagnostics;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace ShopifyLlmGuard.Tests.Faults;

/// <summary>What a caller of a gateway was told, read with the eyes of a careful client.</summary>
internal sealed record Told(int Status, string Text, TimeSpan Took)
{
    public string? Model { get; init; }
    public string? Finish { get; init; }
    public string? Error { get; init; }
    public string? ServedBy { get; init; }
    public string? Reason { get; init; }
    public bool HasUsage { get; init; }

    /// <summary>The body, or the stream, ended as the protocol says.</summary>
    public bool EndedWell { get; init; }

    public bool IsComplete => Status == 200 && EndedWell && Error is null && Finish == "stop" && Text == FaultyAnswer.Text;

    /// <summary>Half an answer with nothing that says so.</summary>
    public bool IsTruncated => Status == 200 && EndedWell && Error is null && Finish is null or "stop" && Text != FaultyAnswer.Text;

    public override string ToString() =>
        $"{Status} {(IsComplete ? "complete" : IsTruncated ? "TRUNCATED" : Error ?? "broken off")} by {ServedBy ?? Model ?? "nobody"} ({Reason ?? "no reason"}) after {Took.TotalMilliseconds:0} ms";
}

/// <summary>Asks any OpenAI-compatible gateway by hand, so that nothing is smoothed over by a library.</summary>
internal sealed class FaultCaller(HttpClient http)
{
    /// <summary>Stands before the lane's name in the prompt: no other lane's endpoints may ever see it.</summary>
    public const char LaneMark = '#';

    private const int LongestAnswer = 4 * 1024 * 1024;

    public async Task<Told> AskAsync(
        string address, string lane, bool streamed, IReadOnlyDictionary<string, string> headers, CancellationToken cancellationToken, Action? hear = null)
    {
        var began = Stopwatch.GetTimestamp();
        using var request = new HttpRequestMessage(HttpMethod.Post, address)
        {
            Content = JsonContent.Create(new
            {
                model = "guard", stream = streamed, stream_options = streamed ? new { include_usage = true } : null, max_tokens = 200, temperature = 0,
                messages = new[] { new { role = "user", content = $"Say in sixty words when a gateway earns trust. {LaneMark}{lane}" } },
            }),
        };
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        try
        {
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            var told = new Told((int)response.StatusCode, "", default) { ServedBy = HeaderOf(response, "X-Guard-Served-By"), Reason = HeaderOf(response, "X-Guard-Reason") };
            told = streamed && response.IsSuccessStatusCode
                ? await ReadStreamAsync(told, response, hear, cancellationToken)
                : await ReadWholeAsync(told, response, cancellationToken);
            return told with { Took = Stopwatch.GetElapsedTime(began) };
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException || (failure is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            // The client's own limit is a cancellation, too.
            return new Told(0, "", Stopwatch.GetElapsedTime(began)) { Error = failure.GetType().Name };
        }
    }

    private static async Task<Told> ReadWholeAsync(Told told, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        try
        {
            return Take(told, await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken), "message") is var read && read.Status >= 400 ? read with { EndedWell = true, Error = read.Error ?? "an error of its own shape" } : read with { EndedWell = true };
        }
        catch (Exception failure) when (failure is JsonException or HttpRequestException or IOException)
        {
            return told with { Error = failure.GetType().Name };
        }
    }

    private static async Task<Told> ReadStreamAsync(Told told, HttpResponseMessage response, Action? hear, CancellationToken cancellationToken)
    {
        var text = new StringBuilder();
        try
        {
            using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken));
            while (await lines.ReadLineAsync(cancellationToken) is { } line)
            {
                if (text.Length > LongestAnswer)
                {
                    return told with { Text = "without end" };
                }

                if (line.StartsWith("data: {", StringComparison.Ordinal))
                {
                    using var data = JsonDocument.Parse(line[6..]);
                    told = Take(told, data.RootElement, "delta");
                    text.Append(told.Text);
                    (told.Text.Length > 0 ? hear : null)?.Invoke();
                }
            }

            return told with { Text = text.ToString(), EndedWell = true };
        }
        catch (Exception failure) when (failure is JsonException or HttpRequestException or IOException)
        {
            return told with { Text = text.ToString(), Error = told.Error ?? failure.GetType().Name };
        }
    }

    private static Told Take(Told told, JsonElement body, string part)
    {
        told = told with
        {
            Text = "",
            Model = body.TryGetProperty("model", out var model) ? model.GetString() : told.Model,
            HasUsage = told.HasUsage || (body.TryGetProperty("usage", out var usage) && usage.ValueKind == JsonValueKind.Object),
            Error = body.TryGetProperty("error", out var error) && error.ValueKind != JsonValueKind.Null ? CodeOf(error) : told.Error,
        };
        if (!body.TryGetProperty("choices", out var choices) || choices.ValueKind != JsonValueKind.Array || choices.GetArrayLength() == 0)
        {
            return told;
        }

        var choice = choices[0];
        return told with
        {
            Text = choice.TryGetProperty(part, out var words) && words.TryGetProperty("content", out var content) ? content.GetString() ?? "" : "",
            Finish = choice.TryGetProperty("finish_reason", out var finish) ? finish.GetString() ?? told.Finish : told.Finish,
        };
    }

    private static string CodeOf(JsonElement error) => error.ValueKind == JsonValueKind.Object
        ? (error.TryGetProperty("code", out var code) ? code.ToString() : null) ?? (error.TryGetProperty("type", out var type) ? type.ToString() : "error")
        : error.ToString();

    private static string? HeaderOf(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? string.Join(", ", values) : null;
}
