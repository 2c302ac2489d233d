using System.Runtime.InteropServices;

namespace ShopifyLlmGuard.Inference.Memory;

/// <summary>
/// The memory of NVIDIA's devices by NVML, the driver's own library: it is asked from outside the process that computes, and it does not
/// need a CUDA context. Without the library there are no readings, and no error.
/// </summary>
internal static unsafe class Gpu
{
    private const string File = "libnvidia-ml.so.1";
    private const int Success = 0;

    // nvmlMemory_t.
    [StructLayout(LayoutKind.Sequential)]
    private struct DeviceMemory
    {
        public ulong Total;
        public ulong Free;
        public ulong Used;
    }

    private static readonly Lazy<nint> Library = new(() =>
        NativeLibrary.TryLoad(File, out var library)
        && NativeLibrary.TryGetExport(library, "nvmlInit_v2", out var init)
        && ((delegate* unmanaged<int>)init)() == Success
            ? library
            : 0);

    /// <summary>The machine has an NVIDIA device, whether anything here can use it or not.</summary>
    public static bool IsThere => Path.Exists("/dev/nvidia0") || Path.Exists("/proc/driver/nvidia/version");

    public static IReadOnlyList<MemoryReading> Read() => Library.Value == 0
        ? []
        : Read(name => NativeLibrary.TryGetExport(Library.Value, name, out var function) ? function : 0);

    /// <param name="find">The address of one of the library's functions; 0 when it has none of that name.</param>
    public static IReadOnlyList<MemoryReading> Read(Func<string, nint> find)
    {
        uint count = 0;
        var counting = (delegate* unmanaged<uint*, int>)find("nvmlDeviceGetCount_v2");
        var finding = (delegate* unmanaged<uint, nint*, int>)find("nvmlDeviceGetHandleByIndex_v2");
        var asking = (delegate* unmanaged<nint, DeviceMemory*, int>)find("nvmlDeviceGetMemoryInfo");
        if (counting == null || finding == null || asking == null || counting(&count) != Success)
        {
            return [];
        }

        var readings = new List<MemoryReading>();
        for (var index = 0u; index < count; index++)
        {
            nint device;
            DeviceMemory memory;
            if (finding(index, &device) == Success && asking(device, &memory) == Success)
            {
                readings.Add(new MemoryReading($"gpu-{index}", (long)memory.Used, (long)memory.Total, IsOurs: true));
            }
        }

        return readings;
    }
}
