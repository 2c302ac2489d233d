using System.Globalization;
using System.Text.Json;
using ShopifyLlmGuard.Inference.Llama.Gpu;

namespace ShopifyLlmGuard.Inference.Engine;

/// <summary>Which llama.cpp computes, and where. Travels to child processes as one argument.</summary>
internal sealed record RuntimeSettings
{
    /// <summary>One of <see cref="Runtimes.Names"/>; null is the first of them.</summary>
    public string? Name { get; init; }

    /// <summary>A library file or its folder to use instead of the llama.cpp that was built in.</summary>
    public string? Library { get; init; }

    public GpuSettings Gpu { get; init; } = GpuSettings.Automatic;

    /// <summary>Reads <c>Runtime</c>, <c>GpuLayers</c>, <c>MainGpu</c> and <c>TensorSplit</c>.</summary>
    public static RuntimeSettings Read(ConfiguredValues values, string? library)
    {
        var name = values.Text("Runtime");
        if (name is not null && !Runtimes.Names.Contains(name))
        {
            values.Mistakes.Add($"Inference:Runtime must be one of {string.Join(", ", Runtimes.Names)}, which this build has, not '{name}'");
        }

        var automatic = "auto".Equals(values.Text("GpuLayers") ?? "auto", StringComparison.OrdinalIgnoreCase);
        return new RuntimeSettings
        {
            Name = name,
            Library = library,
            Gpu = new GpuSettings(
                automatic ? null : values.Number("GpuLayers", 0, 0, 10_000),
                values.Text("MainGpu") is null ? null : values.Number("MainGpu", 0, 0, 15),
                Split(values)),
        };
    }

    public static RuntimeSettings FromArgument(string argument) => JsonSerializer.Deserialize<RuntimeSettings>(argument)!;

    public string ToArgument() => JsonSerializer.Serialize(this);

    private static List<float> Split(ConfiguredValues values)
    {
        var parts = new List<float>();
        foreach (var text in (values.Text("TensorSplit") ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            if (!float.TryParse(text, CultureInfo.InvariantCulture, out var part) || part is not (>= 0 and < 1e6f))
            {
                values.Mistakes.Add($"Inference:TensorSplit must be numbers such as 3,1, not '{values.Text("TensorSplit")}'");
                return [];
            }

            parts.Add(part);
        }

        return parts.Count <= 16 && (parts.Count == 0 || parts.Sum() > 0) ? parts : Refuse(values);
    }

    private static List<float> Refuse(ConfiguredValues values)
    {
        values.Mistakes.Add("Inference:TensorSplit must be at most 16 numbers, and not all of them 0");
        return [];
    }
}
