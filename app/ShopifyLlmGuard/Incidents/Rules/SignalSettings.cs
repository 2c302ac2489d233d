using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace ShopifyLlmGuard.Incidents.Rules;

/// <summary>
/// Who may send signals and what is done about them, as the configuration says now. A changed file counts at once; one with a
/// mistake is reported whole and changes nothing.
/// </summary>
public sealed partial class SignalSettings : IDisposable
{
    private readonly IConfiguration section;
    private readonly ILogger<SignalSettings> logger;
    private readonly IDisposable reloads;
    private volatile SignalConfiguration current;

    internal SignalSettings(IConfiguration section, ILogger<SignalSettings> logger)
    {
        (this.section, this.logger) = (section, logger);
        var (read, mistakes) = RuleFile.Read(section);
        current = mistakes.Count == 0 ? read : SignalConfiguration.Empty;
        reloads = ChangeToken.OnChange(section.GetReloadToken, Reload);
    }

    public SignalConfiguration Current => current;

    public void Dispose() => reloads.Dispose();

    private void Reload()
    {
        var (read, mistakes) = RuleFile.Read(section);
        if (mistakes.Count > 0)
        {
            Log.Refused(logger, string.Join(" ", mistakes));
            return;
        }

        current = read;
        Log.Changed(logger, read.Sources.Count, read.Rules.Length);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Incident webhooks: {Sources} sources, {Rules} rules.")]
        public static partial void Changed(ILogger logger, int sources, int rules);

        [LoggerMessage(LogLevel.Error, "The new section Incidents has mistakes, so the last good one stays. {Mistakes}")]
        public static partial void Refused(ILogger logger, string mistakes);
    }
}

/// <summary>The mistakes of the configuration that the server starts with.</summary>
internal sealed class SignalOptions
{
    public IReadOnlyList<string> Mistakes { get; set; } = [];
}

/// <summary>A start with mistakes is refused, all of them said.</summary>
internal sealed class SignalOptionRules : IValidateOptions<SignalOptions>
{
    public ValidateOptionsResult Validate(string? name, SignalOptions options) =>
        options.Mistakes.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(options.Mistakes);
}
