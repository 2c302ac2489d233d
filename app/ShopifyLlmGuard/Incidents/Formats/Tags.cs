namespace ShopifyLlmGuard.Incidents.Formats;

/// <summary>Tags as Datadog and Opsgenie have them: <c>region:eu</c> is a label, and <c>urgent</c> one with the value <c>true</c>.</summary>
internal static class Tags
{
    public static IEnumerable<(string Name, string Value)> Read(IEnumerable<string> tags) =>
        from tag in tags
        let parts = tag.Trim().Split(':', 2)
        where parts[0].Length > 0
        select (parts[0], parts.Length == 2 ? parts[1] : "true");
}
