using System.Text.Json;
using System.Text.Json.Serialization;

namespace ShopifyLlmGuard.Tests.Faults;

/// <summary>The one right answer, sixty words, plain or streamed, with a hook before each word at which it may break.</summary>
internal static class FaultyAnswer
{
    public const string Text =
        "A gateway earns trust only on the day when the model behind it fails, because every quiet day looks the same with or " +
        "without it. On that day it must notice quickly, ask somebody else politely, keep what was said inside its country, tell " +
        "the caller plainly who has answered, and never let half a sentence pass for the whole.";

    private static readonly string[] Words = Text.Split(' ');
    private static readonly JsonSerializerOptions Wire = new() { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    /// <summary>Tells whether the stream goes on after <paramref name="sent"/> words.</summary>
    public delegate Task<bool> Before(int sent);

    public static async Task<bool> SendAsync(FaultyTurn turn, HttpTalk talk, Before? before = null, bool withDone = true)
    {
        if (!turn.Streamed)
        {
            await talk.WholeAsync(200, "application/json", Whole(turn));
            return true;
        }

        await talk.HeadAsync(200, "text/event-stream", null);
        await talk.ChunkAsync(Event(turn, new { role = "assistant", content = "" }));
        for (var sent = 0; sent < (turn.WantsOneToken ? 1 : Words.Length); sent++)
        {
            if (before is not null && !await before(sent))
            {
                return false;
            }

            await talk.ChunkAsync(Event(turn, new { content = sent == 0 ? Words[0] : " " + Words[sent] }));
            await Task.Delay(turn.Times.BetweenTokens, TimeProvider.System);
        }

        await talk.ChunkAsync(Event(turn, new { }, "stop"));
        if (withDone)
        {
            await talk.ChunkAsync("data: [DONE]\n\n");
        }

        await talk.EndAsync();
        return true;
    }

    /// <summary>The whole answer as one JSON object.</summary>
    public static string Whole(FaultyTurn turn) => JsonSerializer.Serialize(new
    {
        id = "chatcmpl-1", @object = "chat.completion", created = 1, model = turn.Model,
        choices = new[] { new { index = 0, message = new { role = "assistant", content = Text }, finish_reason = "stop" } },
        usage = Usage,
    });

    /// <summary>One event of the stream; the last one carries the usage.</summary>
    public static string Event(FaultyTurn turn, object delta, string? finish = null) => $"data: {JsonSerializer.Serialize(
        new
        {
            id = "chatcmpl-1", @object = "chat.completion.chunk", created = 1, model = turn.Model,
            choices = new[] { new { index = 0, delta, finish_reason = finish } }, usage = finish is null ? null : Usage,
        },
        Wire)}\n\n";

    private static object Usage => new { prompt_tokens = 20, completion_tokens = Words.Length, total_tokens = 20 + Words.Length };
}
