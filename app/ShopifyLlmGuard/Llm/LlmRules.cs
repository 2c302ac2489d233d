using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Llm.Endpoints;

namespace ShopifyLlmGuard.Llm;

/// <summary>Finds every mistake in the endpoints at once.</summary>
internal sealed class LlmRules : IValidateOptions<LlmOptions>
{
    public ValidateOptionsResult Validate(string? name, LlmOptions options)
    {
        List<string> mistakes =
        [
            .. options.Unreadable,
            .. EndpointRules.Mistakes([.. options.Endpoints], options.RequireAttestation, index => $"Llm:Endpoints:{index}:"),
            .. Protection(options),
        ];
        return mistakes.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(mistakes);
    }

    private static IEnumerable<string> Protection(LlmOptions options)
    {
        (bool Wrong, string Says)[] rules =
        [
            (options.Bulkhead.PerShop < 1, "Llm:Bulkhead:PerShop must be at least 1."),
            (options.Bulkhead.PerFeature < options.Bulkhead.PerShop, "Llm:Bulkhead:PerFeature must not be less than PerShop."),
            (options.Breaker.ConsecutiveFailures < 1, "Llm:Breaker:ConsecutiveFailures must be at least 1."),
            (options.Breaker.FailureRatio is <= 0 or > 1, "Llm:Breaker:FailureRatio must be above 0 and at most 1."),
            (options.Breaker.MinimumCalls < 1, "Llm:Breaker:MinimumCalls must be at least 1."),
            (options.Breaker.HalfLife <= TimeSpan.Zero, "Llm:Breaker:HalfLife must be above zero."),
            (options.Breaker.FirstBreak <= TimeSpan.Zero, "Llm:Breaker:FirstBreak must be above zero."),
            (options.Breaker.LongestBreak < options.Breaker.FirstBreak, "Llm:Breaker:LongestBreak must not be shorter than FirstBreak."),
            (options.RetryShare is < 0 or > 1, "Llm:RetryShare must be between 0 and 1."),
            (options.HedgeShare is < 0 or > 0.5, "Llm:HedgeShare must be between 0 and 0.5."),
            (options.CommitCharacters < 1, "Llm:CommitCharacters must be at least 1."),
            (options.LeastCharactersPerSecond < 0, "Llm:LeastCharactersPerSecond must not be negative."),
            (options.Bulkhead.Newcomers < 0, "Llm:Bulkhead:Newcomers must not be negative."),
        ];
        return rules.Where(rule => rule.Wrong).Select(rule => rule.Says);
    }
}

/// <summary>Finds out whether all times together fit the promise.</summary>
internal sealed class TimeRules : IValidateOptions<TimeOptions>
{
    public ValidateOptionsResult Validate(string? name, TimeOptions times)
    {
        var steps = times.Bulkhead + times.Retrieval + times.FirstToken + times.TokenGap + times.Reserve;
        (bool Wrong, string Says)[] rules =
        [
            .. Positive(times),
            (times.Chat + times.Network > times.Promise,
                $"Time:Chat ({times.Chat:g}) and Time:Network ({times.Network:g}) do not fit Time:Promise ({times.Promise:g})."),
            (times.Recommendations > times.Chat, "Time:Recommendations must not be longer than Time:Chat."),
            (steps > times.Chat,
                $"Time:Bulkhead, Retrieval, FirstToken, TokenGap and Reserve together ({steps:g}) do not fit Time:Chat ({times.Chat:g})."),
            (times.Connect >= times.FirstToken, "Time:Connect must be shorter than Time:FirstToken."),
            (times.Bulkhead + times.Retrieval + times.Connect + times.Reserve >= times.Recommendations,
                "Time:Bulkhead, Retrieval, Connect and Reserve leave nothing of Time:Recommendations."),
        ];
        var mistakes = rules.Where(rule => rule.Wrong).Select(rule => rule.Says).ToList();
        return mistakes.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(mistakes);
    }

    private static IEnumerable<(bool Wrong, string Says)> Positive(TimeOptions times) =>
        from time in (IEnumerable<(string Name, TimeSpan Value)>)
        [
            (nameof(times.Promise), times.Promise), (nameof(times.Network), times.Network), (nameof(times.Chat), times.Chat),
            (nameof(times.Recommendations), times.Recommendations), (nameof(times.Retrieval), times.Retrieval),
            (nameof(times.Bulkhead), times.Bulkhead), (nameof(times.Connect), times.Connect),
            (nameof(times.FirstToken), times.FirstToken), (nameof(times.TokenGap), times.TokenGap),
            (nameof(times.Commit), times.Commit), (nameof(times.DripAfter), times.DripAfter), (nameof(times.Reserve), times.Reserve),
        ]
        select (time.Value <= TimeSpan.Zero, $"Time:{time.Name} must be above zero.");
}
