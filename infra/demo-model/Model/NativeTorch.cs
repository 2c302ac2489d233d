using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text;

namespace ShopifyLlmGuard.DemoModel.Model;

/// <summary>
/// Makes TorchSharp's native library load on Debian 12. It asks for GLIBCXX_3.4.32, but the one symbol bound to that
/// version is never used; so the copy beside this program gets that need marked as weak before it is loaded.
/// </summary>
internal static class NativeTorch
{
    private const string Version = "GLIBCXX_3.4.32";
    private const uint VersionNeeds = 0x6ffffffe;
    private const byte Weak = 2;

    [ModuleInitializer]
    internal static void Mend()
    {
        var path = Path.Combine(AppContext.BaseDirectory, "runtimes", "linux-x64", "native", "libLibTorchSharp.so");
        path = File.Exists(path) ? path : Path.Combine(AppContext.BaseDirectory, "libLibTorchSharp.so");
        var bytes = File.ReadAllBytes(path);
        if (MarkWeak(bytes))
        {
            File.WriteAllBytes(path + ".mended", bytes);
            File.Move(path + ".mended", path, overwrite: true);
        }
    }

    private static bool MarkWeak(byte[] elf)
    {
        var (needs, texts) = FindNeeds(elf);
        var changed = false;
        for (var need = needs; ; need += (int)U32(elf, need + 12))
        {
            var entry = need + (int)U32(elf, need + 8);
            for (var left = U16(elf, need + 2); left > 0; left--, entry += (int)U32(elf, entry + 12))
            {
                if (Text(elf, texts + (int)U32(elf, entry + 8)) == Version && (elf[entry + 4] & Weak) == 0)
                {
                    elf[entry + 4] |= Weak;
                    changed = true;
                }
            }

            if (U32(elf, need + 12) == 0)
            {
                return changed;
            }
        }
    }

    /// <summary>File offsets of the version needs and of their strings, from the section headers.</summary>
    private static (int Needs, int Texts) FindNeeds(byte[] elf)
    {
        var headers = (int)U64(elf, 0x28);
        var size = U16(elf, 0x3A);
        int Offset(int section) => (int)U64(elf, headers + (section * size) + 0x18);
        var needs = Enumerable.Range(0, U16(elf, 0x3C)).First(i => U32(elf, headers + (i * size) + 4) == VersionNeeds);
        return (Offset(needs), Offset((int)U32(elf, headers + (needs * size) + 0x28)));
    }

    private static string Text(byte[] elf, int at) =>
        Encoding.ASCII.GetString(elf, at, Array.IndexOf(elf, (byte)0, at) - at);

    private static ushort U16(byte[] elf, int at) => BinaryPrimitives.ReadUInt16LittleEndian(elf.AsSpan(at));

    private static uint U32(byte[] elf, int at) => BinaryPrimitives.ReadUInt32LittleEndian(elf.AsSpan(at));

    private static ulong U64(byte[] elf, int at) => BinaryPrimitives.ReadUInt64LittleEndian(elf.AsSpan(at));
}
