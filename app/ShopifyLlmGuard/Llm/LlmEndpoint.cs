using System.Text.Json.Serialization;

namespace ShopifyLlmGuard.Llm;

/// <summary>One OpenAI-compatible LLM host, as an operator describes it.</summary>
public sealed record LlmEndpoint
{
    /// <summary>A short name, e.g. <c>fra-1</c>; unique.</summary>
    public string Id { get; set; } = "";

    /// <summary>The address without <c>/v1</c>, e.g. <c>http://127.0.0.1:5081</c>.</summary>
    public string Url { get; set; } = "";

    /// <summary>Where it runs, e.g. <c>eu-central</c>. Empty means unknown, and unknown is never allowed.</summary>
    public string Region { get; set; } = "";

    /// <summary>Whose law it runs under, e.g. <c>EU</c>. Empty means unknown, and unknown is never allowed.</summary>
    public string Jurisdiction { get; set; } = "";

    /// <summary>The model to ask for.</summary>
    public string Model { get; set; } = "";

    /// <summary>Sent as a bearer key; optional.</summary>
    [JsonIgnore]
    public string? ApiKey { get; set; }

    /// <summary>Off takes it out of service and keeps its description.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>Who runs it, e.g. a company's name; for the evidence.</summary>
    public string? Operator { get; set; }

    /// <summary>Where the proof of its place and operator is kept, e.g. a contract's number; for the evidence.</summary>
    public string? Attestation { get; set; }

    /// <summary>When that proof ends. From then on nobody's words go there. Null: the operator's own word counts, without end.</summary>
    public DateTimeOffset? AttestedUntil { get; set; }

    /// <summary>The machine or GPU behind it. Endpoints that share one never race each other. Null: the address's host.</summary>
    public string? Device { get; set; }

    /// <summary>Its share of the calls beside others that are as fast and as busy.</summary>
    public double Weight { get; set; } = 1;

    /// <summary>How many calls this server has there at once.</summary>
    public int Concurrency { get; set; } = 16;

    /// <summary>Null: <see cref="TimeOptions.Connect"/>.</summary>
    public TimeSpan? Connect { get; set; }

    /// <summary>Null: <see cref="TimeOptions.FirstToken"/>.</summary>
    public TimeSpan? FirstToken { get; set; }

    /// <summary>Null: <see cref="TimeOptions.TokenGap"/>.</summary>
    public TimeSpan? TokenGap { get; set; }

    /// <summary>Never the key.</summary>
    public override string ToString() => $"{nameof(LlmEndpoint)} {Id}";

    internal string Machine => Device is { Length: > 0 } device ? device : new Uri(Url).Host;
}
