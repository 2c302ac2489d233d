namespace ShopifyLlmGuard.Inference.Llama.Gpu;

/// <summary>How many layers of a model go to the GPUs. A pure function of what is known before anything is loaded.</summary>
internal static class GpuPlacement
{
    /// <summary>Left free on each GPU at least, for llama.cpp's buffers and whoever else uses it.</summary>
    public const long Reserve = 512L << 20;

    /// <param name="wanted">What was configured.</param>
    /// <param name="devices">The GPUs that llama.cpp found.</param>
    /// <param name="shape">The model.</param>
    /// <param name="cells">Tokens of all sequences together.</param>
    /// <exception cref="ModelLoadException">A GPU is wanted that is not there.</exception>
    public static int Layers(GpuSettings wanted, IReadOnlyList<LlmDevice> devices, ModelShape shape, int cells)
    {
        if (wanted.Layers > 0 && devices.Count == 0)
        {
            throw new ModelLoadException(
                $"Inference:GpuLayers is {wanted.Layers}, but the llama.cpp that was loaded found no GPU; LLAMA_LIBRARY names another one");
        }

        if (wanted.Only >= devices.Count && wanted.Layers != 0 && devices.Count > 0)
        {
            throw new ModelLoadException($"Inference:MainGpu is {wanted.Only}, but there are {devices.Count} GPUs, counted from 0");
        }

        var used = wanted.Only is { } only ? devices.Skip(only).Take(1) : devices;
        return wanted.Layers ?? Fit(used.Sum(Usable), shape, cells);
    }

    /// <summary>Whole layers with their keys and values; with room for all of it, the output layer too.</summary>
    /// <param name="usable">Bytes of GPU memory that the model may take.</param>
    /// <param name="shape">The model.</param>
    /// <param name="cells">Tokens of all sequences together.</param>
    public static int Fit(long usable, ModelShape shape, int cells)
    {
        var wanted = shape.Bytes + shape.KeyValueBytes * cells;
        if (shape.Layers == 0 || usable <= 0)
        {
            return 0;
        }

        return usable >= wanted ? shape.Layers + 1 : (int)(usable / (wanted / shape.Layers + 1));
    }

    // A tenth stays free: below 8 % a host counts as degraded.
    private static long Usable(LlmDevice device) => Math.Max(device.Free - Math.Max(device.Total / 10, Reserve), 0);
}
