namespace ShopifyLlmGuard.Tests.Faults;

/// <summary>How long the faults last; the defaults are those of the published FailoverBench profile.</summary>
internal sealed record FaultTimes
{
    public TimeSpan RetryAfter { get; init; } = TimeSpan.FromSeconds(2);
    public TimeSpan SlowFirstToken { get; init; } = TimeSpan.FromSeconds(20);
    public TimeSpan Stall { get; init; } = TimeSpan.FromSeconds(30);
    public TimeSpan Silence { get; init; } = TimeSpan.FromSeconds(120);
    public TimeSpan Outage { get; init; } = TimeSpan.FromSeconds(60);
    public TimeSpan Flap { get; init; } = TimeSpan.FromSeconds(3);
    public TimeSpan Drip { get; init; } = TimeSpan.FromSeconds(1);
    public TimeSpan BetweenTokens { get; init; } = TimeSpan.FromMilliseconds(15);
}
