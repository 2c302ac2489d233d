using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using ShopifyLlmGuard.Incidents.Rules;

namespace ShopifyLlmGuard.Tests.Incidents;

/// <summary>The rules that an operator edits.</summary>
public class RuleTests
{
    [Theory]
    [InlineData("severity=\"critical\"", "severity", "critical", true)]
    [InlineData("severity = critical", "severity", "critical", true)]
    [InlineData("severity=crit", "severity", "critical", false)]
    [InlineData("severity!=critical", "severity", "warning", true)]
    [InlineData("region!=us", "region", "", true)]
    [InlineData("region=\"\"", "region", "", true)]
    [InlineData("alertname=~\"Gpu.*\"", "alertname", "GpuGone", true)]
    [InlineData("alertname=~Gpu", "alertname", "GpuGone", false)]
    [InlineData("alertname=~\"Gpu|Cpu\"", "alertname", "Cpu", true)]
    [InlineData("team!~web|shop", "team", "shop", false)]
    [InlineData("team!~web|shop", "team", "webshop", true)]
    public void A_matcher_is_Alertmanagers(string text, string label, string value, bool matches)
    {
        var matcher = Matcher.Parse(text, out var mistake);

        Assert.Null(mistake);
        Assert.Equal(matches, matcher!.Matches(name => name == label ? value : "other"));
    }

    [Fact]
    public void Every_mistake_is_said_at_once_by_its_place()
    {
        var (_, mistakes) = RuleFile.Read(Section(
            ("Sources:nagios:Secrets:0", "sixteen-characters"), ("Sources:alertmanager:Secrets:0", "short"), ("Sources:pagerduty:Proof", "bearer"),
            ("Sources:datadog:Proof", "basic"), ("Sources:datadog:Secrets:0", "no-user-in-this-secret"), ("Sources:newrelic:Proof", "header"),
            ("Sources:newrelic:Secrets:0", "sixteen-characters"), ("Sources:grafana:Secret", "sixteen-characters"),
            ("Rules:0:Match:0", "severity>critical"), ("Rules:0:Mode", "Live"), ("Rules:0:Feature", "chat"), ("Rules:0:Features:0", "chess"),
            ("Rules:1:Name", "one"), ("Rules:2:Name", "one"), ("Rules:2:Match", "a=~\"(b)\\1\""), ("Rules:2:For", "300.00:00:00")));

        foreach (var said in (string[])
            ["Sources:nagios is no source", "alertmanager:Secrets", "pagerduty:Proof", "pagerduty:Secrets", "datadog:Secrets", "newrelic:Header", "grafana:Secrets",
             "grafana:Secret is not known", "Rules:0:Name", "Rules:0:Match", "Rules:0:Mode", "Rules:0:Feature is not known", "'chess'", "Rules:1:Match is missing",
             "'one' twice", "Rules:2:Match", "Rules:2:For"])
        {
            Assert.Contains(mistakes, mistake => mistake.Contains(said, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void A_changed_file_counts_at_once_and_a_wrong_one_not_at_all()
    {
        var source = new Reloadable();
        source.Set("Incidents:Rules:0:Name", "one");
        source.Set("Incidents:Rules:0:Match:0", "severity=critical");
        var configuration = new ConfigurationBuilder().Add(source).Build();
        using var settings = new SignalSettings(configuration.GetSection("Incidents"), NullLogger<SignalSettings>.Instance);
        Assert.Equal("one", settings.Current.Rules.Single().Name);

        source.Set("Incidents:Rules:0:Name", "two");
        source.Reload();
        Assert.Equal("two", settings.Current.Rules.Single().Name);

        source.Set("Incidents:Rules:0:Name", "three");
        source.Set("Incidents:Rules:0:Match:0", "severity");
        source.Reload();
        Assert.Equal("two", settings.Current.Rules.Single().Name);
    }

    private static IConfigurationSection Section(params (string Key, string Value)[] settings) => new ConfigurationBuilder()
        .AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create($"Incidents:{setting.Key}", (string?)setting.Value))).Build().GetSection("Incidents");

    private sealed class Reloadable : ConfigurationProvider, IConfigurationSource
    {
        public IConfigurationProvider Build(IConfigurationBuilder builder) => this;

        public void Reload() => OnReload();
    }
}
