namespace ShopifyLlmGuard.Inference.Engine.Admission;

/// <summary>Who goes first. On the wire: header <c>X-Priority</c> with one of these names in lower case; <c>chat</c> without it.</summary>
internal enum Priority
{
    /// <summary>A person waits and watches.</summary>
    Chat,

    /// <summary>A page waits, but has something to show.</summary>
    Recommendations,

    /// <summary>Nobody waits.</summary>
    Batch,
}

internal static class Priorities
{
    /// <summary>How much later than it came a request counts as having come: so nobody is overtaken for ever.</summary>
    public static TimeSpan Patience(this Priority priority) => priority switch
    {
        Priority.Chat => TimeSpan.Zero,
        Priority.Recommendations => TimeSpan.FromSeconds(0.5),
        _ => TimeSpan.FromSeconds(5),
    };

    /// <summary>False when there is no such priority.</summary>
    public static bool TryRead(string? text, out Priority priority)
    {
        (var known, priority) = text switch
        {
            null or "chat" => (true, Priority.Chat),
            "recommendations" => (true, Priority.Recommendations),
            "batch" => (true, Priority.Batch),
            _ => (false, default),
        };
        return known;
    }
}
