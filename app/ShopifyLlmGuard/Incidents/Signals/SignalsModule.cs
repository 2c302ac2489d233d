using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Incidents.Rules;

namespace ShopifyLlmGuard.Incidents.Signals;

internal static class SignalsModule
{
    public static IServiceCollection AddSignals(this IServiceCollection services, IConfiguration configuration)
    {
        var section = configuration.GetSection("Incidents");
        services.AddOptions<SignalOptions>().Configure(options => options.Mistakes = RuleFile.Read(section).Mistakes).ValidateOnStart();
        services.AddSingleton<IValidateOptions<SignalOptions>, SignalOptionRules>();
        services.AddSingleton(provider => new SignalSettings(section, provider.GetRequiredService<ILogger<SignalSettings>>()));
        services.AddSingleton<SignalMeter>().AddSingleton<SignalBell>().AddSingleton<SignalInbox>().AddSingleton<SignalDesk>().AddSingleton<SignalRound>();
        return services.AddHostedService<AfterValidation<SignalWatch>>();
    }
}
