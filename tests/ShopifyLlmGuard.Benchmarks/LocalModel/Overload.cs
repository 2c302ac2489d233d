using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;

namespace ShopifyLlmGuard.Benchmarks.LocalModel;

/// <summary>Five times as many questions a second as the host can answer, whatever it says: some are answered as if they were alone, the rest are refused at once.</summary>
internal static class Overload
{
    private const int Times = 5, AnswerTokens = 64, Parallel = 8;
    private static readonly TimeSpan Measuring = TimeSpan.FromSeconds(6), Length = TimeSpan.FromSeconds(20);

    public static async Task<(IReadOnlyList<Target> Targets, object Notes)> RunAsync(string model)
    {
        await using var host = await HostedModel.StartAsync(model, "--supervise", "--Inference:Parallel", $"{Parallel}");
        await CapacityAsync(host, TimeSpan.FromSeconds(2));
        var capacity = await CapacityAsync(host, Measuring);
        var offered = (int)Math.Ceiling(Times * capacity);
        var (replies, failed) = await OfferAsync(host, offered);
        var accepted = replies.Where(reply => reply.IsWhole).ToArray();
        var refused = replies.Where(reply => reply.Status == HttpStatusCode.TooManyRequests).ToArray();
        return (
        [
            Target.AtMost("accepted requests' time to first token at 5 times the capacity, p99", Quantile(accepted, reply => reply.FirstToken, 0.99), "ms", 2500),
            Target.AtMost("requests at 5 times the capacity that were neither answered whole nor refused", replies.Count + failed - accepted.Length - refused.Length, "requests", 0),
            Target.AtMost("refusal at 5 times the capacity, p99", Quantile(refused, reply => reply.Whole, 0.99), "ms", 10),
        ],
        new
        {
            capacityPerSecond = Math.Round(capacity, 1), offeredPerSecond = offered, seconds = Length.TotalSeconds, answered = accepted.Length, refused = refused.Length,
            firstTokenP50Milliseconds = Quantile(accepted, reply => reply.FirstToken, 0.5), refusalP50Milliseconds = Quantile(refused, reply => reply.Whole, 0.5),
            load = "a front and its worker; open loop; prompts of about 80 tokens, answers of 64, streamed; the callers share the second core with the host",
        });
    }

    private static async Task<(IReadOnlyCollection<Reply> Replies, int Failed)> OfferAsync(HostedModel host, int perSecond)
    {
        var replies = new ConcurrentBag<Reply>();
        var failed = 0;
        await OpenLoop.RunAsync(perSecond, Length, async index =>
        {
            try
            {
                replies.Add(await host.AskAsync(Question(index), AnswerTokens));
                return true;
            }
            catch (Exception error) when (error is HttpRequestException or OperationCanceledException or IOException)
            {
                Interlocked.Increment(ref failed);
                return false;
            }
        });
        return (replies, failed);
    }

    // As many callers as there are slots, each with the next question when the last one is answered.
    private static async Task<double> CapacityAsync(HostedModel host, TimeSpan length)
    {
        var began = Stopwatch.GetTimestamp();
        var answered = 0;
        await Task.WhenAll(Enumerable.Range(0, Parallel).Select(async caller =>
        {
            for (var next = 0; Stopwatch.GetElapsedTime(began) < length; next++)
            {
                var reply = await host.AskAsync(Question(1_000_000 + caller * 10_000 + next), AnswerTokens);
                Interlocked.Add(ref answered, reply.IsWhole ? 1 : 0);
            }
        }));
        return answered / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    private static string Question(int number) => $"{number} {Work.Text(50, number)}";

    private static double Quantile(Reply[] replies, Func<Reply, TimeSpan> time, double share) => replies.Length == 0
        ? double.MaxValue
        : Math.Round(OpenLoop.Percentile(replies.Select(reply => new OpenLoop.Sample(time(reply).TotalMilliseconds, true)), share), 2);
}
