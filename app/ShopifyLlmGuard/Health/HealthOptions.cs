using System.ComponentModel.DataAnnotations;

namespace ShopifyLlmGuard.Health;

/// <summary>Section <c>Health</c>: when the policy changes its mind about an endpoint.</summary>
public sealed class HealthOptions
{
    /// <summary>Time between two rounds. The server's schedule uses it too.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:05:00")]
    public TimeSpan Every { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Time between two looks while an endpoint is down, so that shoppers get it back soon.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:05:00")]
    public TimeSpan RecheckEvery { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>A probe that takes longer has failed.</summary>
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
}
