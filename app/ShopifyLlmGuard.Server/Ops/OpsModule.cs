using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Server.Ops.Bypassing;

namespace ShopifyLlmGuard.Server.Ops;

/// <summary>Operators: a command line, and signed messages.</summary>
internal static class OpsModule
{
    public static IServiceCollection AddOps(this IServiceCollection services)
    {
        services.AddOptions<BypassOptions>().BindConfiguration("Bypass").ValidateOnStart();
        services.AddSingleton<IValidateOptions<BypassOptions>, BypassOptionsRules>();
        services.AddSingleton<BypassKeys>().AddSingleton<BypassCall>().AddSingleton<BypassRelay>();
        return services.AddHostedService(provider => provider.GetRequiredService<BypassRelay>());
    }
}
