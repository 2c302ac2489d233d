using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace ShopifyLlmGuard.Health;

/// <summary>Section <c>Health</c>: how the guard looks after endpoints, and when the policy changes its mind about one.</summary>
public sealed class HealthOptions
{
    /// <summary>Off on a server that should never look after endpoints; it hears from the others.</summary>
    public bool Watch { get; set; } = true;

    /// <summary>Time between two whole probes of an endpoint that is up.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:05:00")]
    public TimeSpan Every { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Time between two light looks, which cost the host nothing: is it there, and does its work go on?</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:05:00")]
    public TimeSpan LookEvery { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Time between two looks while an endpoint is down, so that shoppers get it back soon.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:05:00")]
    public TimeSpan RecheckEvery { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>An endpoint that says it is well and gives no token is asked for one less and less often; this seldom at last.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:05:00")]
    public TimeSpan LongestRecheck { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Time between the probes that confirm news, good or bad.</summary>
    [Range(typeof(TimeSpan), "00:00:00.05", "00:01:00")]
    public TimeSpan ConfirmEvery { get; set; } = TimeSpan.FromSeconds(0.25);

    /// <summary>The limit of <c>/health</c>, and of everything else that is read beside it.</summary>
    [Range(typeof(TimeSpan), "00:00:00.05", "00:01:00")]
    public TimeSpan LivenessWithin { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The limit of <c>/v1/models</c>.</summary>
    [Range(typeof(TimeSpan), "00:00:00.05", "00:01:00")]
    public TimeSpan ReadinessWithin { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The limit of one token.</summary>
    [Range(typeof(TimeSpan), "00:00:00.05", "00:01:00")]
    public TimeSpan ProbeWithin { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>Whether a probe also asks for one token, so that a wedged model behind a green light is found.</summary>
    public bool ProbeWithToken { get; set; } = true;

    /// <summary>Failed probes in a row after which an endpoint is down.</summary>
    [Range(1, 20)]
    public int FailuresToDown { get; set; } = 3;

    /// <summary>Good probes in a row after which it is up again.</summary>
    [Range(1, 20)]
    public int GoodToUp { get; set; } = 5;

    /// <summary>An endpoint that went down or degraded stays so for this long at least, whatever its probes say.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan MinimumDwell { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>An endpoint that has had work and computed nothing for this long is down.</summary>
    [Range(typeof(TimeSpan), "00:00:00.5", "00:05:00")]
    public TimeSpan StalledAfter { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>Degraded when less than this share of its memory is free.</summary>
    [Range(0.0, 0.5)]
    public double LeastHeadroom { get; set; } = 0.08;

    /// <summary>For how long its memory must have been that full.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan TightFor { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Degraded when the p95 time to first token of recent traffic is above this.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:01:00")]
    public TimeSpan SlowFirstToken { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Degraded when more than this share of recent attempts failed.</summary>
    [Range(0.01, 1)]
    public double ErrorRatio { get; set; } = 0.1;

    /// <summary>Fewer recent attempts than this are no data: neither good nor bad.</summary>
    [Range(1, 10_000)]
    public int EnoughAttempts { get; set; } = 10;

    /// <summary>How far back "recent" reaches.</summary>
    [Range(typeof(TimeSpan), "00:00:05", "01:00:00")]
    public TimeSpan Recent { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>A server that looks after an endpoint and is killed is replaced after this time.</summary>
    [Range(typeof(TimeSpan), "00:00:00.3", "00:05:00")]
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>How long probes are kept.</summary>
    [Range(typeof(TimeSpan), "00:10:00", "400.00:00:00")]
    public TimeSpan Keep { get; set; } = TimeSpan.FromDays(7);
}

/// <summary>Finds every mistake that lies between two options.</summary>
internal sealed class HealthRules : IValidateOptions<HealthOptions>
{
    public ValidateOptionsResult Validate(string? name, HealthOptions options)
    {
        (bool Wrong, string Says)[] rules =
        [
            (options.LongestRecheck < options.RecheckEvery, "Health:LongestRecheck must not be shorter than RecheckEvery."),
            (options.ConfirmEvery > options.LongestRecheck, "Health:ConfirmEvery must not be longer than LongestRecheck."),
        ];
        var mistakes = rules.Where(rule => rule.Wrong).Select(rule => rule.Says).ToList();
        return mistakes.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(mistakes);
    }
}
