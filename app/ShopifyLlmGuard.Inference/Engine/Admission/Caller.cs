using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace ShopifyLlmGuard.Inference.Engine.Admission;

/// <summary>
/// For whom a request is, as far as limits and kept prefixes must tell callers apart. A keyed hash, with a key that
/// lives as long as the process: neither a bearer key nor a shop's name is kept, logged or to be guessed from it.
/// </summary>
internal readonly record struct Caller(UInt128 Hash)
{
    private static readonly byte[] Key = RandomNumberGenerator.GetBytes(32);

    /// <param name="authorization">The request's <c>Authorization</c> header.</param>
    /// <param name="name">Its <c>X-Caller</c> header: callers behind one key.</param>
    public static Caller Of(string authorization, string name)
    {
        // The length first, so that no two pairs are spelt alike.
        var hash = HMACSHA256.HashData(Key, Encoding.UTF8.GetBytes($"{authorization.Length}:{authorization}{name}"));
        return new Caller(BinaryPrimitives.ReadUInt128LittleEndian(hash));
    }
}
