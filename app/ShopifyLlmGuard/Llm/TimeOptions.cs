namespace ShopifyLlmGuard.Llm;

/// <summary>Section <c>Time</c>: how long things may take. All of them together must fit the promise to the shopper.</summary>
public sealed class TimeOptions
{
    /// <summary>When the shopper sees useful content, whatever happens. The storefront script keeps it with its own timer.</summary>
    public TimeSpan Promise { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>What the way to the shopper and back may take out of the promise.</summary>
    public TimeSpan Network { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The server's whole budget for a chat answer.</summary>
    public TimeSpan Chat { get; set; } = TimeSpan.FromSeconds(4.2);

    /// <summary>The server's whole budget for recommendations.</summary>
    public TimeSpan Recommendations { get; set; } = TimeSpan.FromSeconds(1.5);

    /// <summary>Reading from the catalogue.</summary>
    public TimeSpan Retrieval { get; set; } = TimeSpan.FromMilliseconds(300);

    /// <summary>Waiting for a free place among the running calls.</summary>
    public TimeSpan Bulkhead { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Connecting to an endpoint.</summary>
    public TimeSpan Connect { get; set; } = TimeSpan.FromMilliseconds(300);

    /// <summary>From the request to the first token.</summary>
    public TimeSpan FirstToken { get; set; } = TimeSpan.FromSeconds(2.5);

    /// <summary>Between two tokens.</summary>
    public TimeSpan TokenGap { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a streamed answer's beginning is held back at most, so that a failure until then is invisible.</summary>
    public TimeSpan Commit { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How long words may drip before their speed is judged.</summary>
    public TimeSpan DripAfter { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>What is kept back to write the fallback after an attempt has used all its time.</summary>
    public TimeSpan Reserve { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The whole budget of a feature, or of an in-house call.</summary>
    public TimeSpan BudgetOf(string feature) => feature == Flags.Features.Recommendations ? Recommendations : Chat;
}
