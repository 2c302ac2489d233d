using Microsoft.Extensions.Configuration;

namespace ShopifyLlmGuard.Llm.Endpoints;

/// <summary>
/// Reads the section <c>Llm</c>. Endpoints are bound one by one: the binder leaves out an element that it cannot read, and says
/// nothing, so that a typing error would take an endpoint out of service.
/// </summary>
internal static class EndpointFile
{
    public static void Read(IConfiguration section, LlmOptions options)
    {
        section.Bind(options);
        options.Endpoints.Clear();
        options.Unreadable.Clear();
        foreach (var child in section.GetSection(nameof(options.Endpoints)).GetChildren())
        {
            try
            {
                options.Endpoints.Add(child.Get<LlmEndpoint>() ?? new LlmEndpoint());
            }
            catch (InvalidOperationException unreadable)
            {
                options.Unreadable.Add(unreadable.Message);
            }
        }
    }
}
