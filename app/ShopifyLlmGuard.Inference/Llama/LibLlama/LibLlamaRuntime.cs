using ShopifyLlmGuard.Inference.Llama.Gpu;

namespace ShopifyLlmGuard.Inference.Llama.LibLlama;

/// <summary>llama.cpp's own library, called directly.</summary>
/// <param name="library">A library file or its folder; null takes the one that was built in.</param>
/// <param name="logger">Gets llama.cpp's own messages.</param>
internal sealed class LibLlamaRuntime(string? library, ILogger<LibLlamaRuntime> logger) : ILlmRuntime
{
    public string Name
    {
        get
        {
            LlamaLibrary.Use(library, logger);
            return $"llama.cpp {LlamaLibrary.Version}";
        }
    }

    public IReadOnlyList<LlmDevice> Devices
    {
        get
        {
            LlamaLibrary.Use(library, logger);
            return LlamaLibrary.Devices;
        }
    }

    public ILlmModel Load(string path, ModelSettings settings)
    {
        LlamaLibrary.Use(library, logger);
        LlamaLog.TakeError();
        var handle = Load(path, settings.CheckTensors, settings.Gpu);
        if (handle.IsInvalid)
        {
            throw new ModelLoadException($"llama.cpp refuses it: {LlamaLog.TakeError() ?? "no reason given"}");
        }

        if (!Native.llama_model_has_decoder(handle) || Native.llama_model_has_encoder(handle))
        {
            handle.Dispose();
            throw new ModelLoadException("it is not a decoder-only text model");
        }

        return new LibLlamaModel(handle);
    }

    private static unsafe ModelHandle Load(string path, bool checkTensors, GpuSettings gpu)
    {
        var parameters = Native.llama_model_default_params();
        parameters.CheckTensors = checkTensors ? (byte)1 : (byte)0;
        parameters.GpuLayers = gpu.Layers ?? 0;
        parameters.SplitMode = gpu.Only is null ? parameters.SplitMode : Native.NoSplit;
        parameters.MainGpu = gpu.Only ?? 0;
        // llama.cpp reads as many parts as it can have devices.
        var parts = new float[Math.Max((int)Native.llama_max_devices(), gpu.Split.Count)];
        gpu.Split.ToArray().CopyTo(parts, 0);
        fixed (float* first = parts)
        {
            parameters.TensorSplit = gpu.Split.Count > 0 ? (nint)first : 0;
            return Native.llama_model_load_from_file(path, parameters);
        }
    }
}
