using System.Runtime.InteropServices;
using ShopifyLlmGuard.Inference.Memory;

namespace ShopifyLlmGuard.Inference.Tests.Supervision;

/// <summary>
/// Three devices as NVIDIA's library tells them (nvml.h: <c>nvmlReturn_t</c> is 0 for success, <c>nvmlMemory_t</c> is total, free and used in
/// bytes). No such device was ever there where this is tested; its functions are the test's own.
/// </summary>
public sealed unsafe class GpuMemoryTests
{
    private const int Success = 0, Lost = 15;

    [Fact]
    public void Each_device_that_answers_is_a_reading() => Assert.Equal(
        [new MemoryReading("gpu-0", 30_000_000_000, 80_000_000_000, IsOurs: true), new MemoryReading("gpu-2", 7, 24, IsOurs: true)],
        Gpu.Read(Find));

    [Theory]
    [InlineData("nvmlDeviceGetCount_v2")]
    [InlineData("nvmlDeviceGetHandleByIndex_v2")]
    [InlineData("nvmlDeviceGetMemoryInfo")]
    public void A_library_that_lacks_a_function_is_no_library(string missing) =>
        Assert.Empty(Gpu.Read(name => name == missing ? 0 : Find(name)));

    private static nint Find(string name) => name switch
    {
        "nvmlDeviceGetCount_v2" => (nint)(delegate* unmanaged<uint*, int>)&Count,
        "nvmlDeviceGetHandleByIndex_v2" => (nint)(delegate* unmanaged<uint, nint*, int>)&Handle,
        "nvmlDeviceGetMemoryInfo" => (nint)(delegate* unmanaged<nint, ulong*, int>)&Memory,
        _ => 0,
    };

    [UnmanagedCallersOnly]
    private static int Count(uint* count)
    {
        *count = 3;
        return Success;
    }

    [UnmanagedCallersOnly]
    private static int Handle(uint index, nint* device)
    {
        *device = 1000 + (nint)index;
        return index == 1 ? Lost : Success;
    }

    [UnmanagedCallersOnly]
    private static int Memory(nint device, ulong* memory)
    {
        (memory[0], memory[1], memory[2]) = device == 1000 ? (80_000_000_000ul, 50_000_000_000ul, 30_000_000_000ul) : (24ul, 17ul, 7ul);
        return Success;
    }
}
