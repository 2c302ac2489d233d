using Microsoft.Extensions.DependencyInjection;

namespace ShopifyLlmGuard.Tests.Llm;

/// <summary>A guard with one endpoint, and the demo shop installed.</summary>
internal static class LlmGuard
{
    public static async Task<Guard> StartAsync(ScriptedLlm llm, params (string Key, string? Value)[] settings)
    {
        var guard = await Guard.StartAsync(settings:
        [
            ("Llm:Endpoints:0:Id", "local-1"), ("Llm:Endpoints:0:Url", llm.Url), ("Llm:Endpoints:0:Region", "eu-test"),
            ("Llm:Endpoints:0:Jurisdiction", "EU"), ("Llm:Endpoints:0:Model", "scripted"), .. settings,
        ]);
        await guard.InstallAsync();

        // The first query of a process compiles and connects; budgets are about the ones after it.
        await guard.Services.GetRequiredService<ShopifyLlmGuard.Catalog.ProductCatalog>().SearchAsync(Guard.Shop, "warm", 1);
        return guard;
    }
}
