namespace ShopifyLlmGuard.Llm;

/// <summary>Section <c>Llm</c>: the endpoints, and what protects them.</summary>
public sealed class LlmOptions
{
    /// <summary>None is allowed: then every answer is a fallback.</summary>
    public IList<LlmEndpoint> Endpoints { get; } = [];

    /// <summary>What of the endpoints could not be read at all.</summary>
    internal IList<string> Unreadable { get; } = [];

    /// <summary>On: the operator's own word about a jurisdiction is not enough, every endpoint needs an attestation with an end.</summary>
    public bool RequireAttestation { get; set; }

    public BulkheadOptions Bulkhead { get; set; } = new();

    public BreakerOptions Breaker { get; set; } = new();

    /// <summary>At most this share of calls may be retried.</summary>
    public double RetryShare { get; set; } = 0.1;

    /// <summary>At most this share of calls may be asked at a second endpoint beside a silent first one.</summary>
    public double HedgeShare { get; set; } = 0.05;

    /// <summary>An answer's beginning is held back up to this length, so that a failure until then is invisible.</summary>
    public int CommitCharacters { get; set; } = 64;

    /// <summary>Words that come more slowly than this do not become an answer.</summary>
    public double LeastCharactersPerSecond { get; set; } = 8;
}

/// <summary>How many calls may run at once.</summary>
public sealed class BulkheadOptions
{
    /// <summary>Per feature, over all shops.</summary>
    public int PerFeature { get; set; } = 8;

    /// <summary>Per feature and shop, so that a busy shop leaves room for the others.</summary>
    public int PerShop { get; set; } = 4;

    /// <summary>Of each feature's places, those that only a shop without a running call may take.</summary>
    public int Newcomers { get; set; } = 2;
}

/// <summary>When this server stops asking an endpoint.</summary>
public sealed class BreakerOptions
{
    /// <summary>Failures in a row that open it.</summary>
    public int ConsecutiveFailures { get; set; } = 3;

    /// <summary>Share of failures among recent calls that opens it.</summary>
    public double FailureRatio { get; set; } = 0.5;

    /// <summary>The ratio counts only from this many recent calls on.</summary>
    public double MinimumCalls { get; set; } = 6;

    /// <summary>After this time a call counts half.</summary>
    public TimeSpan HalfLife { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>The first break; each further one is twice as long.</summary>
    public TimeSpan FirstBreak { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>The longest break.</summary>
    public TimeSpan LongestBreak { get; set; } = TimeSpan.FromSeconds(30);
}
