using System.Diagnostics;
using System.Diagnostics.Metrics;
using ShopifyLlmGuard.Llm;

namespace ShopifyLlmGuard;

/// <summary>
/// Calls to models in the words of OpenTelemetry's conventions for generative AI (client side), so that any dashboard for them
/// works here. They know no region, no retry and no reason for a fallback: those are tags, or numbers of <see cref="GuardMeter"/>.
/// </summary>
internal sealed class GenAiMeter
{
    private const string Operation = "chat", Provider = "openai_compatible";
    private readonly Histogram<double> duration;
    private readonly Histogram<double> firstChunk;
    private readonly Histogram<double> perChunk;
    private readonly Histogram<long> tokens;

    public GenAiMeter(IMeterFactory factory)
    {
        var meter = factory.Create($"{GuardMeter.Name}.GenAi");

        // The conventions' edges, and ours at the promise.
        double[] seconds = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5, 5.12, 10.24, 20.48, 40.96, 81.92];
        duration = Seconds(meter, "gen_ai.client.operation.duration", "One call to a model, whole.", seconds);
        firstChunk = Seconds(meter, "gen_ai.client.operation.time_to_first_chunk", "From the call to the first words.", seconds);
        perChunk = Seconds(
            meter, "gen_ai.client.operation.time_per_output_chunk", "Between two tokens, on average over an answer.",
            [0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5]);
        tokens = meter.CreateHistogram("gen_ai.client.token.usage", "{token}", "Tokens of prompts and answers.", tags: null, new InstrumentAdvice<long>
        {
            HistogramBucketBoundaries = [1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536],
        });
    }

    /// <summary>A call has ended.</summary>
    public void Attempted(ModelCall call, Attempt attempt, string why)
    {
        var endpoint = attempt.Endpoint!;
        var tags = Tags(endpoint, attempt.Reason);
        Trace(call, attempt, why, tags);
        duration.Record(attempt.Duration.TotalSeconds, tags);
        if (attempt.FirstToken is { } first)
        {
            firstChunk.Record(first.TotalSeconds, tags);
            if (attempt.OutputTokens is > 1 and var written)
            {
                perChunk.Record((attempt.Duration - first).TotalSeconds / (written - 1), tags);
            }
        }

        Count(attempt.InputTokens, "input", tags);
        Count(attempt.OutputTokens, "output", tags);
    }

    private static TagList Tags(LlmEndpoint endpoint, string? reason)
    {
        var url = new Uri(endpoint.Url);
        TagList tags =
        [
            new("gen_ai.operation.name", Operation), new("gen_ai.provider.name", Provider), new("gen_ai.request.model", endpoint.Model),
            new("server.address", url.Host), new("server.port", url.Port), new("guard.endpoint", endpoint.Id), new("guard.region", endpoint.Region),
        ];
        if (reason is not null)
        {
            tags.Add("error.type", reason);
        }

        return tags;
    }

    // The span is made when the call is over: then everything about it is known, and no other code needs to carry it about.
    private static void Trace(ModelCall call, Attempt attempt, string why, TagList tags)
    {
        if (!GuardMeter.Activities.HasListeners())
        {
            return;
        }

        var ended = TimeProvider.System.GetUtcNow();
        using var span = GuardMeter.Activities.StartActivity(
            $"{Operation} {attempt.Endpoint!.Model}", ActivityKind.Client, Activity.Current?.Context ?? default, tags, startTime: ended - attempt.Duration);
        span?.SetTag("guard.feature", call.Feature).SetTag("guard.jurisdiction", attempt.Endpoint.Jurisdiction).SetTag("guard.try", why)
            .SetTag("gen_ai.usage.input_tokens", attempt.InputTokens).SetTag("gen_ai.usage.output_tokens", attempt.OutputTokens)
            .SetTag("gen_ai.response.finish_reasons", attempt.Finish is { } finish ? new[] { finish } : null)
            .SetStatus(attempt.Reason is null ? ActivityStatusCode.Ok : ActivityStatusCode.Error, attempt.Reason)
            .SetEndTime(ended.UtcDateTime);
    }

    private void Count(long? count, string type, TagList tags)
    {
        if (count is { } number)
        {
            tags.Add("gen_ai.token.type", type);
            tokens.Record(number, tags);
        }
    }

    private static Histogram<double> Seconds(Meter meter, string name, string description, double[] edges) => meter.CreateHistogram(
        name, "s", description, tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = edges });
}
