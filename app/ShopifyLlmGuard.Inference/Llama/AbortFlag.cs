using System.Runtime.InteropServices;

namespace ShopifyLlmGuard.Inference.Llama;

/// <summary>What llama.cpp's abort callback looks at, many times in a decode.</summary>
internal sealed unsafe class AbortFlag
{
    // Pinned and kept by this object, so that a late request writes to memory that is still ours.
    private readonly int[] _flag = GC.AllocateArray<int>(1, pinned: true);

    public static delegate* unmanaged<void*, byte> Callback => &IsRequested;

    public void* Data => (void*)Marshal.UnsafeAddrOfPinnedArrayElement(_flag, 0);

    /// <summary>Any thread.</summary>
    public void Request() => Volatile.Write(ref _flag[0], 1);

    public void Clear() => Volatile.Write(ref _flag[0], 0);

    [UnmanagedCallersOnly]
    private static byte IsRequested(void* flag) => Volatile.Read(ref *(int*)flag) != 0 ? (byte)1 : (byte)0;
}
