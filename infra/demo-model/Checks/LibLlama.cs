using System.Runtime.InteropServices;

namespace ShopifyLlmGuard.DemoModel.Checks;

/// <summary>The few calls of llama.cpp v0.5.0 that reading a file and decoding greedily need.</summary>
internal static unsafe partial class LibLlama
{
    private const string Llama = "llama";

    static LibLlama() => NativeLibrary.SetDllImportResolver(typeof(LibLlama).Assembly, (name, _, _) => name switch
    {
        Llama => NativeLibrary.Load(Path.Combine(Folder, "libllama.v0.5.0.so")),
        "ggml" => NativeLibrary.Load(Path.Combine(Folder, "libggml.v0.5.0.so")),
        _ => 0,
    });

    /// <summary>Where the pinned npm package keeps its libraries; set before the first call.</summary>
    public static string Folder { get; set; } = "";

    [LibraryImport("ggml", EntryPoint = "ggml_backend_load_all_from_path", StringMarshalling = StringMarshalling.Utf8)]
    public static partial void LoadBackends(string folder);

    [LibraryImport(Llama, EntryPoint = "llama_log_set")]
    public static partial void SetLog(delegate* unmanaged<int, byte*, void*, void> log, void* state);

    [LibraryImport("ggml", EntryPoint = "ggml_log_set")]
    public static partial void SetBackendLog(delegate* unmanaged<int, byte*, void*, void> log, void* state);

    [LibraryImport(Llama, EntryPoint = "llama_model_default_params")]
    public static partial ModelParameters DefaultModelParameters();

    [LibraryImport(Llama, EntryPoint = "llama_context_default_params")]
    public static partial ContextParameters DefaultContextParameters();

    [LibraryImport(Llama, EntryPoint = "llama_model_load_from_file", StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint LoadModel(string path, ModelParameters parameters);

    [LibraryImport(Llama, EntryPoint = "llama_init_from_model")]
    public static partial nint NewContext(nint model, ContextParameters parameters);

    [LibraryImport(Llama, EntryPoint = "llama_model_get_vocab")]
    public static partial nint Vocabulary(nint model);

    [LibraryImport(Llama, EntryPoint = "llama_tokenize")]
    public static partial int Tokenize(nint vocabulary, byte* text, int length, int* tokens, int capacity,
        [MarshalAs(UnmanagedType.U1)] bool addSpecial, [MarshalAs(UnmanagedType.U1)] bool parseSpecial);

    [LibraryImport(Llama, EntryPoint = "llama_batch_get_one")]
    public static partial LlamaBatch BatchOf(int* tokens, int count);

    [LibraryImport(Llama, EntryPoint = "llama_decode")]
    public static partial int Decode(nint context, LlamaBatch batch);

    [LibraryImport(Llama, EntryPoint = "llama_get_logits_ith")]
    public static partial float* Logits(nint context, int place);

    [LibraryImport(Llama, EntryPoint = "llama_get_memory")]
    public static partial nint Memory(nint context);

    [LibraryImport(Llama, EntryPoint = "llama_memory_clear")]
    public static partial void Clear(nint memory, [MarshalAs(UnmanagedType.U1)] bool data);

    [LibraryImport(Llama, EntryPoint = "llama_set_n_threads")]
    public static partial void SetThreads(nint context, int decoding, int prompts);

    [LibraryImport(Llama, EntryPoint = "llama_free")]
    public static partial void FreeContext(nint context);

    [LibraryImport(Llama, EntryPoint = "llama_model_free")]
    public static partial void FreeModel(nint model);

    /// <summary>Sizes of this release; only the default values are used, so the fields do not matter.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 80)]
    public struct ModelParameters
    {
        private nint first;
    }

    [StructLayout(LayoutKind.Sequential, Size = 160)]
    public struct ContextParameters
    {
        public uint Length;
        private uint second;
        private nint third;
    }

    [StructLayout(LayoutKind.Sequential, Size = 56)]
    public struct LlamaBatch
    {
        private int count;
        private nint tokens;
    }
}
