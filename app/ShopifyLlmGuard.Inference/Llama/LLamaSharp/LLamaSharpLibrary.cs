using System.Runtime.InteropServices;
using LLama.Native;

namespace ShopifyLlmGuard.Inference.Llama.LLamaSharp;

/// <summary>
/// Lets LLamaSharp choose among the libraries of its backend packages, once per process: CUDA and Vulkan when the package and
/// a device are there, else the best for this processor. LLamaSharp takes its settings only before the first native call.
/// </summary>
internal static unsafe class LLamaSharpLibrary
{
    private const string Name = "libllama.so";

    private static readonly Lock Gate = new();

    // Kept for as long as native code may call it.
    private static readonly NativeLogConfig.LLamaLogCallback Receive = (level, text) => LlamaLog.Receive((int)level, text);

    /// <summary>llama.cpp itself; zero before <see cref="Use"/>.</summary>
    public static nint Handle { get; private set; }

    /// <summary>Which of the libraries was chosen, for example <c>Avx512</c> or <c>CUDA</c>.</summary>
    public static string Kind => NativeApi.GetLoadedNativeLibrary(NativeLibraryName.LLama)?.Metadata switch
    {
        { UseCuda: true } => "CUDA",
        { UseVulkan: true } => "Vulkan",
        { } metadata => metadata.AvxLevel.ToString(),
        null => "own library",
    };

    /// <summary>ggml's release; LLamaSharp's own assembly does not tell its version.</summary>
    public static string Version => NativeLibrary.TryGetExport(Handle, "ggml_version", out var version)
        ? Marshal.PtrToStringUTF8(((delegate* unmanaged<nint>)version)()) ?? "unknown"
        : "unknown";

    /// <param name="library">A library file or its folder; its structures must be those of LLamaSharp's release. Null takes the packages'.</param>
    /// <param name="gpu">False leaves the libraries for GPUs alone.</param>
    /// <param name="log">Gets what llama.cpp has to say.</param>
    /// <exception cref="ModelLoadException">The library is missing, or not one that LLamaSharp can use.</exception>
    public static void Use(string? library, bool gpu, ILogger log)
    {
        lock (Gate)
        {
            LlamaLog.Target = log;
            if (Handle != 0)
            {
                return;
            }

            // llama.cpp starts a debugger on its own process when it fails; a shop is better served by a quick restart.
            _ = LibLlama.Native.setenv("GGML_NO_BACKTRACE", "1", 0);
            var path = string.IsNullOrEmpty(library) ? null : Find(library);
            // Without this it looks in the current folder first, which may be anybody's.
            NativeLibraryConfig.LLama.WithLogCallback(Receive).WithCuda(gpu).WithVulkan(gpu).WithSearchDirectory(AppContext.BaseDirectory);
            if (path is not null)
            {
                NativeLibraryConfig.LLama.WithLibrary(path);
            }

            NativeApi.llama_empty_call();
            Handle = NativeLibrary.Load("llama", typeof(NativeApi).Assembly, null);
            CheckStructures(path);
            LoadBackends(path);
        }
    }

    private static string Find(string library)
    {
        var path = Path.GetFullPath(library);
        path = Directory.Exists(path) ? Path.Combine(path, Name) : path;
        if (!File.Exists(path))
        {
            throw new ModelLoadException($"llama.cpp's library is missing at {path}; unset LLAMA_LIBRARY to use LLamaSharp's own");
        }

        if (!NativeLibrary.TryLoad(path, out var handle))
        {
            throw new ModelLoadException($"{path} is not a library that this system can load");
        }

        return NativeLibrary.TryGetExport(handle, "llama_decode", out _) ? path : throw new ModelLoadException($"{path} is not llama.cpp");
    }

    // A library of another release would read and write past these structures; the default values show most of them.
    private static void CheckStructures(string? path)
    {
        var context = LLamaContextParams.Default();
        var model = LLamaModelParams.Default();
        if (context is not { n_ctx: 512, n_batch: 2048, n_ubatch: 512, n_outputs_max: 0, offload_kqv: true, no_perf: true, kv_unified: false, ctx_other: 0 }
            || model is not { split_mode: GPUSplitMode.Layer, main_gpu: 0, check_tensors: false, use_extra_bufts: true }
            || model.kv_overrides != null)
        {
            throw new ModelLoadException($"{path ?? Name} has other structures than LLamaSharp was built for");
        }
    }

    // LLamaSharp's own libraries are linked to their backends; others keep them in files beside them.
    private static void LoadBackends(string? path)
    {
        if (path is not null && NativeLibrary.TryGetExport(Handle, "ggml_backend_load_all_from_path", out var load))
        {
            var folder = Marshal.StringToCoTaskMemUTF8(Path.GetDirectoryName(path));
            ((delegate* unmanaged<nint, void>)load)(folder);
            Marshal.FreeCoTaskMem(folder);
        }
    }
}
