using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using ShopifyLlmGuard.Browser;

namespace ShopifyLlmGuard.Benchmarks;

/// <summary>One measured number and what it should have been; a missed target stays, with its true value.</summary>
internal sealed record Target(string Measure, double Value, string Unit, string Goal, bool Met)
{
    public static Target AtMost(string measure, double value, string unit, double limit) =>
        new(measure, Math.Round(value, 2), unit, $"<= {limit}", value <= limit);

    public static Target AtLeast(string measure, double value, string unit, double limit) =>
        new(measure, Math.Round(value, 2), unit, $">= {limit}", value >= limit);
}

/// <summary>What a benchmark found; printed as one JSON object on the last line and kept under <c>results/</c>.</summary>
internal sealed record Report(string Name, IReadOnlyList<Target> Targets, IReadOnlyDictionary<string, object> Notes)
{
    private static readonly JsonSerializerOptions Compact = new(JsonSerializerDefaults.Web);
    private static readonly JsonSerializerOptions Indented = new(Compact) { WriteIndented = true };

    public async Task WriteAsync()
    {
        var content = new
        {
            name = Name,
            machine = $"{Environment.ProcessorCount} cores, {GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 30} GiB, {RuntimeInformation.OSDescription}",
            commit = Git("rev-parse --short HEAD"),
            date = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd"),
            targets = Targets.Select(target => new { target.Measure, target.Value, target.Unit, target = target.Goal, target.Met }),
            notes = Notes,
        };
        var folder = Path.Combine(Programs.Root, "tests", "ShopifyLlmGuard.Benchmarks", "results");
        Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(Path.Combine(folder, Name + ".json"), JsonSerializer.Serialize(content, Indented) + "\n");
        Console.WriteLine(JsonSerializer.Serialize(content, Compact));
    }

    private static string Git(string arguments)
    {
        using var git = Process.Start(new ProcessStartInfo("git", arguments) { RedirectStandardOutput = true, WorkingDirectory = Programs.Root })!;
        return git.StandardOutput.ReadToEnd().Trim();
    }
}
