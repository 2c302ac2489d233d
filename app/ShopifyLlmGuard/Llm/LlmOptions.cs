namespace ShopifyLlmGuard.Llm;

/// <summary>Section <c>Llm</c>: the endpoints, in order of preference, and what protects them.</summary>
public sealed class LlmOptions
{
    /// <summary>None is allowed: then every answer is a fallback.</summary>
    public IList<LlmEndpoint> Endpoints { get; } = [];

    public BulkheadOptions Bulkhead { get; set; } = new();

    public BreakerOptions Breaker { get; set; } = new();

    /// <summary>At most this share of calls may be retried.</summary>
    public double RetryShare { get; set; } = 0.1;
}

/// <summary>One OpenAI-compatible LLM host.</summary>
public sealed class LlmEndpoint
{
    /// <summary>A short name, e.g. <c>fra-1</c>; unique.</summary>
    public string Id { get; set; } = "";

    /// <summary>The address without <c>/v1</c>, e.g. <c>http://127.0.0.1:5081</c>.</summary>
    public string Url { get; set; } = "";

    /// <summary>Where it runs, e.g. <c>eu-central</c>.</summary>
    public string Region { get; set; } = "";

    /// <summary>Whose law it runs under, e.g. <c>EU</c>. Empty means unknown, and unknown is never allowed.</summary>
    public string Jurisdiction { get; set; } = "";

    /// <summary>The model to ask for.</summary>
    public string Model { get; set; } = "";

    /// <summary>Sent as a bearer key; optional.</summary>
    public string? ApiKey { get; set; }
}

/// <summary>How many calls may run at once.</summary>
public sealed class BulkheadOptions
{
    /// <summary>Per feature, over all shops.</summary>
    public int PerFeature { get; set; } = 8;

    /// <summary>Per feature and shop, so that a busy shop leaves room for the others.</summary>
    public int PerShop { get; set; } = 4;
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
