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

    public bool Offloads
    {
        get
        {
            LlamaLibrary.Use(library, logger);
            return Native.llama_supports_gpu_offload();
        }
    }

    public ILlmModel Load(string path, ModelSettings settings)
    {
        LlamaLibrary.Use(library, logger);
        var parameters = Native.llama_model_default_params();
        parameters.CheckTensors = settings.CheckTensors ? (byte)1 : (byte)0;
        LlamaLog.TakeError();
        var handle = Native.llama_model_load_from_file(path, parameters);
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
}
