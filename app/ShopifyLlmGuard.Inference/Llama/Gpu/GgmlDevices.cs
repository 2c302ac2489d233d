using System.Runtime.InteropServices;

namespace ShopifyLlmGuard.Inference.Llama.Gpu;

/// <summary>The GPUs that a loaded llama.cpp can compute on. These functions have kept their form over many releases.</summary>
internal static unsafe class GgmlDevices
{
    // ggml_backend_dev_type: a card of its own, or one that shares the processor's memory.
    private const int Gpu = 1;
    private const int IntegratedGpu = 2;

    /// <param name="library">llama.cpp's handle; a lookup in it finds ggml's functions as well.</param>
    public static IReadOnlyList<LlmDevice> Of(nint library)
    {
        var count = ((delegate* unmanaged<nuint>)NativeLibrary.GetExport(library, "ggml_backend_dev_count"))();
        var get = (delegate* unmanaged<nuint, nint>)NativeLibrary.GetExport(library, "ggml_backend_dev_get");
        var type = (delegate* unmanaged<nint, int>)NativeLibrary.GetExport(library, "ggml_backend_dev_type");
        return [.. Enumerable.Range(0, (int)count).Select(index => get((nuint)index))
            .Where(device => type(device) is Gpu or IntegratedGpu).Select(device => Describe(library, device))];
    }

    private static LlmDevice Describe(nint library, nint device)
    {
        var name = (delegate* unmanaged<nint, nint>)NativeLibrary.GetExport(library, "ggml_backend_dev_name");
        var memory = (delegate* unmanaged<nint, nuint*, nuint*, void>)NativeLibrary.GetExport(library, "ggml_backend_dev_memory");
        nuint free, total;
        memory(device, &free, &total);
        return new LlmDevice(Marshal.PtrToStringUTF8(name(device)) ?? "GPU", (long)free, (long)total);
    }
}
