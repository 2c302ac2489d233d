using System.Text.RegularExpressions;

namespace ShopifyLlmGuard.Inference.Tests.Supervision;

/// <summary>The alerts that operators of model hosts get.</summary>
public sealed partial class AlertTests
{
    private static readonly string Rules = Path.Combine(Path.GetDirectoryName(Models.Demo)!, "../monitoring/inference.rules.yml");

    [Theory]
    [InlineData("check", "inference.rules.yml")]
    [InlineData("test", "inference.rules.test.yml")]
    public async Task Prometheus_has_nothing_against_them(string what, string file)
    {
        var (exitCode, said) = await Promtool.RunAsync("", what, "rules", Path.Combine(Path.GetDirectoryName(Rules)!, file));

        Assert.True(exitCode == 0, said);
    }

    [Fact]
    public async Task What_they_watch_is_there_before_anything_has_happened()
    {
        await using var front = await Front.StartAsync();
        var metrics = await front.Http.GetStringAsync("/metrics");
        var watched = Metric().Matches(await File.ReadAllTextAsync(Rules)).Select(match => match.Value).Distinct().ToArray();

        Assert.True(watched.Length > 5);
        Assert.All(watched, name => Assert.Contains($"\n{name}{{", metrics, StringComparison.Ordinal));
    }

    [GeneratedRegex("llm_[a-z_]+")]
    private static partial Regex Metric();
}
