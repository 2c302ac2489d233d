using LLama.Exceptions;
using LLama.Native;
using ShopifyLlmGuard.Inference.Llama.Gpu;

namespace ShopifyLlmGuard.Inference.Llama.LLamaSharp;

/// <summary>llama.cpp through LLamaSharp's low-level handles, with the library that its backend package brings.</summary>
/// <param name="library">A llama.cpp library file or folder to use instead; its structures must be those of LLamaSharp's release.</param>
/// <param name="gpu">False never loads a library for a GPU.</param>
/// <param name="logger">Gets llama.cpp's own messages.</param>
internal sealed class LLamaSharpRuntime(string? library, bool gpu, ILogger<LLamaSharpRuntime> logger) : ILlmRuntime
{
    public string Name
    {
        get
        {
            Use();
            return $"LLamaSharp ({LLamaSharpLibrary.Kind}, ggml {LLamaSharpLibrary.Version})";
        }
    }

    public IReadOnlyList<LlmDevice> Devices
    {
        get
        {
            Use();
            return GgmlDevices.Of(LLamaSharpLibrary.Handle);
        }
    }

    public ILlmModel Load(string path, ModelSettings settings)
    {
        Use();
        LlamaLog.TakeError();
        var handle = Load(path, settings.CheckTensors, settings.Gpu);
        if (handle.HasDecoder && !handle.HasEncoder)
        {
            return new LLamaSharpModel(handle);
        }

        handle.Dispose();
        throw new ModelLoadException("it is not a decoder-only text model");
    }

    private void Use()
    {
        try
        {
            LLamaSharpLibrary.Use(library, gpu, logger);
        }
        catch (Exception error) when (error is RuntimeError or TypeInitializationException or DllNotFoundException)
        {
            throw new ModelLoadException($"llama.cpp's library cannot be used: {(error.InnerException ?? error).Message}");
        }
    }

    private static unsafe SafeLlamaModelHandle Load(string path, bool checkTensors, GpuSettings gpu)
    {
        var parameters = LLamaModelParams.Default();
        parameters.check_tensors = checkTensors;
        parameters.n_gpu_layers = gpu.Layers ?? 0;
        parameters.split_mode = gpu.Only is null ? parameters.split_mode : GPUSplitMode.None;
        parameters.main_gpu = gpu.Only ?? 0;
        // llama.cpp reads as many parts as it can have devices.
        var parts = new float[Math.Max((int)NativeApi.llama_max_devices(), gpu.Split.Count)];
        gpu.Split.ToArray().CopyTo(parts, 0);
        try
        {
            fixed (float* first = parts)
            {
                parameters.tensor_split = gpu.Split.Count > 0 ? first : null;
                return SafeLlamaModelHandle.LoadFromFile(path, parameters);
            }
        }
        catch (LoadWeightsFailedException)
        {
            throw new ModelLoadException($"llama.cpp refuses it: {LlamaLog.TakeError() ?? "no reason given"}");
        }
    }
}
