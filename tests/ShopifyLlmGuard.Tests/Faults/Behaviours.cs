using System.Text;
using System.Text.Json;

namespace ShopifyLlmGuard.Tests.Faults;

/// <summary>What an endpoint does, by the first part of its model's name. Each tells whether the connection may be used again.</summary>
internal static class Behaviours
{
    private const int CutAfter = 40, StallAfter = 20, GarbageAt = 10;

    private static readonly Dictionary<string, Func<FaultyTurn, HttpTalk, Task<bool>>> All = new()
    {
        ["ok"] = (turn, talk) => FaultyAnswer.SendAsync(turn, talk),
        ["ok-noprefill"] = (turn, talk) => turn.EndsWithAssistant
            ? RefuseAsync(talk, 400, "invalid_prefill") : FaultyAnswer.SendAsync(turn, talk),
        ["s01"] = (turn, talk) => turn.Attempt <= 1
            ? RefuseAsync(talk, 429, "rate_limit_exceeded", $"Retry-After: {turn.Times.RetryAfter.TotalSeconds}") : FaultyAnswer.SendAsync(turn, talk),
        ["s02"] = (_, talk) => RefuseAsync(talk, 429, "rate_limit_exceeded"),
        ["s03"] = (turn, talk) => turn.Attempt <= 1 ? RefuseAsync(talk, 500, "server_error") : FaultyAnswer.SendAsync(turn, talk),
        ["s04"] = (_, talk) => RefuseAsync(talk, 503, "overloaded"),
        ["s05"] = (turn, talk) => turn.Attempt <= 1 ? Reset(talk) : FaultyAnswer.SendAsync(turn, talk),
        ["s06"] = (turn, talk) => SilentAsync(talk, turn.Times.Silence),
        ["s07"] = SlowAsync,
        ["s08"] = CutAsync,
        ["s09"] = StallAsync,
        ["s10"] = MalformedAsync,
        ["s11"] = (turn, talk) => FaultyAnswer.SendAsync(turn, talk, withDone: false),
        ["s12"] = (_, talk) => RefuseAsync(talk, 400, "context_length_exceeded"),
        ["s13"] = (_, talk) => RefuseAsync(talk, 400, "content_policy_violation"),
        ["s14"] = CutAsync,
        ["s15"] = (turn, talk) => turn.Llm.Clock < turn.Times.Outage ? RefuseAsync(talk, 503, "overloaded") : FaultyAnswer.SendAsync(turn, talk),
        ["s16"] = (_, talk) => RefuseAsync(talk, 503, "overloaded"),
        ["echo"] = (turn, talk) => SayAsync(
            talk, "text/event-stream", FaultyAnswer.Event(turn, new { content = $"You said: {turn.Words}" }, "stop") + "data: [DONE]\n\n"),
        ["echo-error"] = (turn, talk) => SayAsync(
            talk, "application/json", JsonSerializer.Serialize(new { error = new { message = $"Cannot read: {turn.Words}", type = "invalid_request_error", code = turn.Words } }), 400),
        ["echo-broken"] = (turn, talk) => SayAsync(
            talk, "text/event-stream", FaultyAnswer.Event(turn, new { content = turn.Words }) + $"data: {turn.Words}\n\n"),
        ["refused-in-band"] = InBandErrorAsync,
        ["garbage"] = (_, talk) => SayAsync(talk, "application/json", """{"choices": oops"""),
        ["html"] = (_, talk) => SayAsync(talk, "text/html", "<!doctype html><title>Welcome</title><p>Sign in to this network"),
        ["large"] = (turn, talk) => LongAsync(turn, talk, words: 160, length: 64 * 1024, TimeSpan.Zero),
        ["endless"] = (turn, talk) => LongAsync(turn, talk, words: int.MaxValue, length: 4096, TimeSpan.FromMilliseconds(20)),
        ["wrong-length"] = WrongLengthAsync,
        ["drip"] = DripAsync,
        ["flap"] = (turn, talk) => (int)(turn.Llm.Clock / turn.Times.Flap) % 2 == 0
            ? RefuseAsync(talk, 503, "overloaded") : FaultyAnswer.SendAsync(turn, talk),
        ["flop"] = (turn, talk) => (int)(turn.Llm.Clock / turn.Times.Flap) % 2 == 1
            ? RefuseAsync(talk, 503, "overloaded") : FaultyAnswer.SendAsync(turn, talk),
    };

    /// <summary>What an endpoint does while it is broken, or while all is well; one that only echoes is never broken.</summary>
    public static Func<FaultyTurn, HttpTalk, Task<bool>> Of(string model, bool isWell)
    {
        var kind = model.Split('.', 2)[0];
        return All[isWell && kind != "echo" ? "ok" : kind];
    }

    private static async Task<bool> RefuseAsync(HttpTalk talk, int status, string code, string? header = null)
    {
        var kind = status is 400 ? "invalid_request_error" : status is 429 ? "rate_limit_error" : "server_error";
        await talk.WholeAsync(
            status, "application/json", $$$"""{"error":{"message":"This upstream says no.","type":"{{{kind}}}","param":null,"code":"{{{code}}}"}}""", header);
        return true;
    }

    private static Task<bool> Reset(HttpTalk talk)
    {
        talk.Reset();
        return Task.FromResult(false);
    }

    private static async Task<bool> SilentAsync(HttpTalk talk, TimeSpan length)
    {
        await talk.SilenceAsync(length);
        return false;
    }

    // The headers come at once, so that a limit on headers alone does not help.
    private static async Task<bool> SlowAsync(FaultyTurn turn, HttpTalk talk)
    {
        if (turn.Streamed)
        {
            return await FaultyAnswer.SendAsync(turn, talk, async sent =>
            {
                await (sent == 0 ? talk.SilenceAsync(turn.Times.SlowFirstToken) : Task.CompletedTask);
                return true;
            });
        }

        await talk.SilenceAsync(turn.Times.SlowFirstToken);
        return await FaultyAnswer.SendAsync(turn, talk);
    }

    private static async Task<bool> CutAsync(FaultyTurn turn, HttpTalk talk)
    {
        if (turn.Streamed)
        {
            return await FaultyAnswer.SendAsync(turn, talk, sent => Task.FromResult(sent < CutAfter));
        }

        var body = FaultyAnswer.Whole(turn);
        await talk.HeadAsync(200, "application/json", body.Length);
        await talk.WriteAsync(body[..(body.Length * 6 / 10)]);
        return false;
    }

    private static async Task<bool> StallAsync(FaultyTurn turn, HttpTalk talk)
    {
        if (turn.Streamed)
        {
            return await FaultyAnswer.SendAsync(turn, talk, async sent =>
            {
                await (sent == StallAfter ? talk.SilenceAsync(turn.Times.Stall) : Task.CompletedTask);
                return sent < StallAfter;
            });
        }

        await talk.HeadAsync(200, "application/json", FaultyAnswer.Whole(turn).Length);
        return await SilentAsync(talk, turn.Times.Stall);
    }

    private static async Task<bool> MalformedAsync(FaultyTurn turn, HttpTalk talk)
    {
        if (turn.Streamed)
        {
            return await FaultyAnswer.SendAsync(turn, talk, async sent =>
            {
                await (sent == GarbageAt ? talk.ChunkAsync("data: {\"id\":\"chatcmpl-1\",\"choices\":[{\"delta\":{\"content\": \n\n") : Task.CompletedTask);
                return true;
            });
        }

        var body = FaultyAnswer.Whole(turn);
        await talk.WholeAsync(200, "application/json", body[..(body.Length / 2)] + "\"oops");
        return true;
    }

    private static async Task<bool> InBandErrorAsync(FaultyTurn turn, HttpTalk talk)
    {
        await talk.HeadAsync(200, "text/event-stream", null);
        await talk.ChunkAsync(FaultyAnswer.Event(turn, new { role = "assistant", content = "A gateway" }));
        await talk.ChunkAsync("data: {\"error\":{\"message\":\"The engine died.\",\"type\":\"server_error\",\"code\":500}}\n\n");
        await talk.ChunkAsync("data: [DONE]\n\n");
        await talk.EndAsync();
        return true;
    }

    private static async Task<bool> SayAsync(HttpTalk talk, string contentType, string text, int status = 200)
    {
        await talk.WholeAsync(status, contentType, text);
        return true;
    }

    private static async Task<bool> LongAsync(FaultyTurn turn, HttpTalk talk, int words, int length, TimeSpan between)
    {
        var word = new string('x', length - 1) + " ";
        await talk.HeadAsync(200, turn.Streamed ? "text/event-stream" : "application/json", null);
        await talk.ChunkAsync(turn.Streamed ? FaultyAnswer.Event(turn, new { role = "assistant", content = "" }) : "{\"choices\":[{\"message\":{\"content\":\"");
        for (var sent = 0; sent < words; sent++)
        {
            await talk.ChunkAsync(turn.Streamed ? FaultyAnswer.Event(turn, new { content = word }) : word);
            await Task.Delay(between, TimeProvider.System);
        }

        await talk.ChunkAsync(turn.Streamed ? FaultyAnswer.Event(turn, new { }, "stop") + "data: [DONE]\n\n" : "\"},\"finish_reason\":\"stop\"}]}");
        await talk.EndAsync();
        return true;
    }

    private static async Task<bool> WrongLengthAsync(FaultyTurn turn, HttpTalk talk)
    {
        var body = turn.Streamed ? FaultyAnswer.Event(turn, new { content = FaultyAnswer.Text }, "stop") + "data: [DONE]\n\n" : FaultyAnswer.Whole(turn);
        await talk.HeadAsync(200, turn.Streamed ? "text/event-stream" : "application/json", Encoding.UTF8.GetByteCount(body) / 2);
        await talk.WriteAsync(body);
        return false;
    }

    private static Task<bool> DripAsync(FaultyTurn turn, HttpTalk talk) => FaultyAnswer.SendAsync(turn, talk, async _ =>
    {
        await talk.SilenceAsync(turn.Times.Drip);
        return true;
    });
}
