using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Incidents.Answers;
using ShopifyLlmGuard.Llm.Residency;
using ShopifyLlmGuard.Llm.Routing;
using ShopifyLlmGuard.Protections;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Llm;

/// <summary>Counts attempts and hands their records on, off the hot path: when too many wait, records are dropped and counted.</summary>
internal sealed partial class AttemptLog(GuardMeter meter, AnswerCounts counts, ProtectionProofs proofs, TimeProvider clock, ILogger<AttemptLog> logger)
{
    private readonly Channel<AttemptRecord> waiting = Channel.CreateBounded<AttemptRecord>(8192);

    public ChannelReader<AttemptRecord> Waiting => waiting.Reader;

    /// <summary>An endpoint was called.</summary>
    public void Attempted(ModelCall call, Attempt attempt, Try why, string basis)
    {
        var outcome = attempt.Reason ?? "answered";
        var endpoint = attempt.Endpoint!;
        meter.Attempted(call.Feature, endpoint.Id, endpoint.Region, outcome, attempt.Duration, attempt.FirstToken);
        meter.GenAi.Attempted(call, attempt, why.ToString().ToLowerInvariant());
        if (attempt.Reason is not null)
        {
            Log.AttemptFailed(logger, call.Feature, endpoint.Id, outcome, attempt.Duration.TotalMilliseconds);
        }

        Keep(new AttemptRecord
        {
            At = DatabaseTime.Of(clock), Shop = call.Caller.Id, Feature = call.Feature, Source = Chat.Sources.Live,
            Endpoint = endpoint.Id, Region = endpoint.Region, Jurisdiction = endpoint.Jurisdiction, Operator = endpoint.Operator,
            AttestedUntil = DatabaseTime.Of(endpoint.AttestedUntil), Model = endpoint.Model, Release = call.Release, Try = why.ToString().ToLowerInvariant(),
            Basis = Allowed(call, basis), Outcome = outcome, InputTokens = attempt.InputTokens, OutputTokens = attempt.OutputTokens,
            FirstTokenMilliseconds = attempt.FirstToken?.TotalMilliseconds, Milliseconds = attempt.Duration.TotalMilliseconds,
        });
    }

    /// <summary>No endpoint may see the call's words: nothing was sent. Where the policy said no, that is its success.</summary>
    public void Refused(ModelCall call, Eligibility eligibility, Deadline deadline)
    {
        NotSent(call, Reasons.NoEligibleEndpoint, deadline);
        Unsent(call, Reasons.NoEligibleEndpoint, eligibility.Explain());
        if (eligibility.IsByPolicy)
        {
            proofs.Acted(Protection.Residency, deadline.Elapsed);
        }
    }

    /// <summary>What a call asked of nobody, or not of one that it could have been sent to: a refused dispatch is a record, too.</summary>
    public void Unsent(ModelCall call, string reason, string basis) => Keep(new AttemptRecord
    {
        At = DatabaseTime.Of(clock), Shop = call.Caller.Id, Feature = call.Feature, Source = Chat.Sources.Live,
        Basis = Allowed(call, basis), Outcome = reason, Milliseconds = 0,
    });

    /// <summary>A call was not sent to an endpoint, although it was that one's turn, or there was no place for it at all.</summary>
    public void NotSent(ModelCall call, string reason, Deadline deadline)
    {
        meter.Refused(call.Feature, reason);
        if (ProtectionWords.ThatSays(reason) is { } protection)
        {
            proofs.Acted(protection, deadline.Elapsed);
        }
    }

    /// <summary>Something happened that nobody foresaw. Its message may quote words, so only its type and place are kept.</summary>
    public void Broke(ModelCall call, Exception unforeseen) =>
        Log.Broke(logger, call.Feature, unforeseen.GetBaseException().GetType().Name, unforeseen.GetBaseException().StackTrace);

    public void Waited(ModelCall call, TimeSpan age) => meter.Waited(call.Feature, age);

    /// <summary>What the budget holds when a call comes to a stage.</summary>
    public void Reached(ModelCall call, string stage, Deadline deadline) => meter.BudgetLeft(call.Feature, stage, deadline.Remaining);

    public void Retried(ModelCall call, Attempt attempt) => meter.Retried(call.Feature, attempt.Reason!);

    public void Hedged(ModelCall call) => meter.Hedged(call.Feature);

    /// <summary>A shopper has an answer. One that replaces a live one, or that no model was allowed to give, is a record of its own.</summary>
    public void Answered(string shop, Chat.Answer answer, TimeSpan duration)
    {
        meter.Answered(answer.Feature, answer.Source, answer.Reason, duration);
        counts.Answered(shop, answer.Feature, answer.Source, answer.Reason);
        if (answer.Reason == Reasons.Timeout)
        {
            proofs.Acted(Protection.Deadline, duration);
        }

        var replaces = answer.Mode == Mode.Live && answer.Source != Chat.Sources.Live;
        if (replaces || answer.Reason == Reasons.NoEligibleEndpoint)
        {
            Keep(new AttemptRecord
            {
                At = DatabaseTime.Of(clock), Shop = shop, Feature = answer.Feature, Source = answer.Source,
                Outcome = answer.Reason ?? "answered", Milliseconds = duration.TotalMilliseconds,
            });
        }
    }

    private static string Allowed(ModelCall call, string basis) => $"allows {string.Join(", ", call.Caller.Jurisdictions)}; {basis}";

    private void Keep(AttemptRecord record)
    {
        if (!waiting.Writer.TryWrite(record))
        {
            meter.RecordsDropped(1);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "{Feature} attempt at {Endpoint} failed: {Outcome} after {Milliseconds:0} ms.")]
        public static partial void AttemptFailed(ILogger logger, string feature, string endpoint, string outcome, double milliseconds);

        [LoggerMessage(LogLevel.Error, "A {Feature} call broke with {Problem}. {Place}")]
        public static partial void Broke(ILogger logger, string feature, string problem, string? place);
    }
}
