using System.Reflection;
using System.Runtime.InteropServices;
using ShopifyLlmGuard.Inference.Llama.Gpu;

namespace ShopifyLlmGuard.Inference.Llama.LibLlama;

/// <summary>Finds llama.cpp's library, once per process, and refuses every release but the one that the structs describe.</summary>
internal static unsafe class LlamaLibrary
{
    private const string Release = "0.5.0";

    // Builds for a GPU have its name in theirs: libllama.cuda.v0.5.0.so, libllama.vulkan.v0.5.0.so.
    private const string FileName = "libllama*.v0.5.0.so";

    private static readonly Lock Gate = new();
    private static nint _library;

    public static nint Handle => _library;

    /// <summary>The release that was loaded, for example <c>0.5.0-dev</c>.</summary>
    public static string Version => Marshal.PtrToStringUTF8(Native.llama_version()) ?? "unknown";

    public static IReadOnlyList<LlmDevice> Devices => GgmlDevices.Of(_library);

    /// <param name="override">A library file or its folder; null takes the one that was built in.</param>
    /// <param name="log">Gets what llama.cpp has to say.</param>
    /// <exception cref="ModelLoadException">The library is missing, or of another release.</exception>
    public static void Use(string? @override, ILogger log)
    {
        lock (Gate)
        {
            LlamaLog.Target = log;
            if (_library != 0)
            {
                return;
            }

            var path = Find(@override);
            Load(path);
            CheckRelease(path);
            Native.llama_log_set(&Receive, null);
            Native.ggml_log_set(&Receive, null);
            // The processor's backend is a library of its own; without this there is no device at all.
            Native.ggml_backend_load_all_from_path(Path.GetDirectoryName(path)!);
            Native.llama_backend_init();
        }
    }

    private static string Find(string? @override)
    {
        var path = Path.GetFullPath(string.IsNullOrEmpty(@override) ? Path.Combine(AppContext.BaseDirectory, "llama") : @override);
        path = Directory.Exists(path) ? Directory.EnumerateFiles(path, FileName).FirstOrDefault(Path.Combine(path, FileName)) : path;
        return File.Exists(path) ? path : throw new ModelLoadException(
            $"llama.cpp's library is missing at {path}; build with npm on the path, or set LLAMA_LIBRARY");
    }

    private static void Load(string path)
    {
        // llama.cpp starts a debugger on its own process when it fails; a shop is better served by a quick restart.
        _ = Native.setenv("GGML_NO_BACKTRACE", "1", 0);
        if (!NativeLibrary.TryLoad(path, out _library))
        {
            throw new ModelLoadException($"{path} is not a library that this system can load");
        }

        // A lookup in one library finds what it depends on too, so this handle serves ggml's functions as well.
        NativeLibrary.SetDllImportResolver(
            Assembly.GetExecutingAssembly(), (name, _, _) => name == Native.Library ? _library : 0);
    }

    private static void CheckRelease(string path)
    {
        if (!NativeLibrary.TryGetExport(_library, "llama_version", out _) || !Version.StartsWith(Release, StringComparison.Ordinal))
        {
            throw new ModelLoadException($"{path} is not llama.cpp {Release}, whose structures this program was written for");
        }

        // A build with other structures under the same version would show here, before it reads garbage.
        var context = Native.llama_context_default_params();
        var model = Native.llama_model_default_params();
        if (context is not { Cells: 512, BatchSize: 2048, MicroBatchSize: 512, FlashAttentionType: -1, OffloadKqv: 1, NoPerf: 1, UnifiedCache: 0, OtherContext: 0 }
            || model is not { SplitMode: 1, LoadMode: -1, CheckTensors: 0, UseExtraBuffers: 1, KeyValueOverrides: 0 })
        {
            throw new ModelLoadException($"{path} has other structures than llama.cpp {Release}");
        }
    }

    [UnmanagedCallersOnly]
    private static void Receive(int level, byte* text, void* data) => LlamaLog.Receive(level, Marshal.PtrToStringUTF8((nint)text));
}
