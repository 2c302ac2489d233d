using System.Net.Http.Json;
using System.Text.Json;

namespace ShopifyLlmGuard.Inference.Tests.Supervision;

/// <summary>
/// Each caller writes one letter behind the same instruction, so that their prompts begin alike, to a model that says again what it sees most of. They leave in the middle, there is memory for half of them,
/// and the worker is killed under them: nobody is ever told another's letter.
/// (Seen to catch a cache that takes anybody's beginnings and 200 positions too many of them: all six were told others' letters.)
/// </summary>
public sealed class CanaryTests
{
    private const int Kills = 2, AnswersBetween = 4;

    [Fact]
    public async Task No_letter_reaches_another_caller_while_workers_are_killed()
    {
        await using var front = await HostProcess.ReadyAsync(
            Models.Echo, "--supervise", "--Inference:Threads", "1", "--Inference:Context", "512", "--Inference:Cells", "1024", "--Inference:Parallel", "4",
            "--Inference:FirstToken", "00:10:00");
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        using var over = CancellationTokenSource.CreateLinkedTokenSource(limit.Token);
        var callers = "abcdef".Select(letter => new Canary(front, letter)).ToArray();
        var asking = callers.Select(caller => caller.AskAsync(over)).ToArray();
        for (var kill = 0; kill < Kills; kill++)
        {
            await front.UntilAnsweredAsync(callers, AnswersBetween, limit.Token);
            var worker = await front.WorkerAsync();
            Front.Send("KILL", worker);
            await front.UntilAnotherAsync(worker);
        }

        await front.UntilAnsweredAsync(callers, AnswersBetween, limit.Token);
        await over.CancelAsync();
        await Task.WhenAll(asking);

        Assert.All(callers, caller => Assert.Empty(caller.Foreign));
        Assert.All(callers, caller => Assert.True(caller.Left > 0, "Nobody left in the middle."));
        Assert.Equal(Kills, await front.RestartsAsync());
    }
}

/// <summary>One caller of the storm.</summary>
internal sealed class Canary(HostProcess front, char letter)
{
    private const string Instruction = "you try to sit in this room";
    private readonly Random _random = new(letter);
    private int _whole;

    /// <summary>Whole answers so far.</summary>
    public int Whole => Volatile.Read(ref _whole);

    /// <summary>Answers that it left in the middle.</summary>
    public int Left { get; private set; }

    /// <summary>What it was told that is not its own.</summary>
    public List<string> Foreign { get; } = [];

    public async Task AskAsync(CancellationTokenSource over)
    {
        while (!over.IsCancellationRequested)
        {
            using var life = CancellationTokenSource.CreateLinkedTokenSource(over.Token);
            try
            {
                await AskOnceAsync(_random.Next(3) == 0 ? _random.Next(1, 4) : int.MaxValue, life);
            }
            catch (Exception error) when (error is HttpRequestException or OperationCanceledException or IOException)
            {
                // It left, or the worker died under it.
            }
        }
    }

    private async Task AskOnceAsync(int leavesAfter, CancellationTokenSource life)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions")
        {
            Headers = { { "X-Caller", letter.ToString() } },
            Content = JsonContent.Create(new
            {
                messages = new[] { new { role = "system", content = Instruction }, new { role = "user", content = new string(letter, _random.Next(60, 260)) } },
                max_tokens = 30, temperature = 0, stream = true,
            }),
        };
        using var answer = await front.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, life.Token);
        using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync(life.Token));
        while (await lines.ReadLineAsync(life.Token) is { } line)
        {
            if (line == "data: [DONE]")
            {
                Interlocked.Increment(ref _whole);
            }
            else if (TextOf(line) is { Length: > 0 } text)
            {
                Foreign.AddRange(text.All(each => each == letter) ? [] : [$"'{letter}' was told '{text}'."]);
                if (leavesAfter-- == 0)
                {
                    Left++;
                    await life.CancelAsync();
                }
            }
        }
    }

    private static string? TextOf(string line) =>
        line.StartsWith("data: {", StringComparison.Ordinal)
        && JsonDocument.Parse(line[6..]).RootElement.TryGetProperty("choices", out var choices) && choices.GetArrayLength() > 0
        && choices[0].GetProperty("delta").TryGetProperty("content", out var content)
            ? content.GetString()
            : null;
}

internal static class Canaries
{
    /// <summary>Waits until each of them has so many whole answers more.</summary>
    public static async Task UntilAnsweredAsync(this HostProcess front, Canary[] callers, int more, CancellationToken limit)
    {
        var before = callers.Select(caller => caller.Whole).ToArray();
        while (callers.Zip(before).Any(pair => pair.First.Whole < pair.Second + more))
        {
            Assert.False(front.HasExited);
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, limit);
        }
    }
}
