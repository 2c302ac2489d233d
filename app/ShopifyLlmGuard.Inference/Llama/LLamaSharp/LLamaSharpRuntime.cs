using System.Runtime.InteropServices;
using LLama.Exceptions;
using LLama.Native;

namespace ShopifyLlmGuard.Inference.Llama.LLamaSharp;

/// <summary>llama.cpp through LLamaSharp's low-level handles, with the library that its backend package brings.</summary>
/// <param name="library">A llama.cpp library file to use instead; its structures must be those of LLamaSharp's release.</param>
/// <param name="logger">Gets llama.cpp's own messages.</param>
internal sealed partial class LLamaSharpRuntime(string? library, ILogger<LLamaSharpRuntime> logger) : ILlmRuntime
{
    private static readonly Lock Gate = new();
    private static bool _isConfigured;

    // Kept for as long as native code may call it.
    private static NativeLogConfig.LLamaLogCallback? _log;

    public string Name => $"LLamaSharp {typeof(NativeApi).Assembly.GetName().Version?.ToString(3)}";

    public bool Offloads
    {
        get
        {
            Configure();
            return NativeApi.llama_supports_gpu_offload();
        }
    }

    public ILlmModel Load(string path, ModelSettings settings)
    {
        try
        {
            Configure();
            var parameters = LLamaModelParams.Default();
            parameters.n_gpu_layers = int.MaxValue;
            parameters.check_tensors = settings.CheckTensors;
            var handle = SafeLlamaModelHandle.LoadFromFile(path, parameters);
            if (handle.HasDecoder && !handle.HasEncoder)
            {
                return new LLamaSharpModel(handle);
            }

            handle.Dispose();
            throw new ModelLoadException("it is not a decoder-only text model");
        }
        catch (LoadWeightsFailedException)
        {
            throw new ModelLoadException("llama.cpp refuses it");
        }
        catch (Exception error) when (error is RuntimeError or TypeInitializationException or DllNotFoundException)
        {
            throw new ModelLoadException($"llama.cpp's library cannot be used: {(error.InnerException ?? error).Message}");
        }
    }

    // LLamaSharp takes its settings once, before the first native call.
    private void Configure()
    {
        lock (Gate)
        {
            if (_isConfigured)
            {
                return;
            }

            _log = (level, message) => Receive(logger, message);
            NativeLibraryConfig.LLama.WithLogCallback(_log);
            if (!string.IsNullOrEmpty(library))
            {
                NativeLibraryConfig.LLama.WithLibrary(Path.GetFullPath(library));
            }

            _isConfigured = true;
            // The first call loads the library; the structures' own functions would not find it before.
            NativeApi.llama_empty_call();
            if (!string.IsNullOrEmpty(library))
            {
                LoadBackends(Path.GetFullPath(library));
            }
        }
    }

    // LLamaSharp's own libraries have the processor's backend built in; others keep it in a file beside them.
    private static unsafe void LoadBackends(string library)
    {
        if (NativeLibrary.TryLoad(library, out var handle)
            && NativeLibrary.TryGetExport(handle, "ggml_backend_load_all_from_path", out var load))
        {
            var folder = Marshal.StringToCoTaskMemUTF8(Path.GetDirectoryName(library));
            ((delegate* unmanaged<nint, void>)load)(folder);
            Marshal.FreeCoTaskMem(folder);
        }
    }

    private static void Receive(ILogger logger, string message)
    {
        var line = message.Trim();
        if (line.Any(mark => mark != '.'))
        {
            Log.Said(logger, line);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Debug, "llama.cpp: {Line}")]
        public static partial void Said(ILogger logger, string line);
    }
}
