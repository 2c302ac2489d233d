using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace ShopifyLlmGuard.Inference.Api;

/// <summary>Whoever reaches the host may use the model: so without a key only this machine does.</summary>
internal static class LoopbackOnly
{
    /// <exception cref="UnprotectedAddressException">Others could reach the host, and no key is set.</exception>
    public static void RequireKeyBeyondLoopback(this KestrelServerOptions kestrel, string? key) => kestrel.ConfigureEndpointDefaults(listen =>
    {
        if (key is null && listen.IPEndPoint is { } address && !IPAddress.IsLoopback(address.Address))
        {
            throw new UnprotectedAddressException(
                $"the address {address} can be reached from other machines, and no key is set: give Inference:ApiKey, or an address of 127.0.0.1");
        }
    });
}

/// <summary>The host would listen to other machines without a key.</summary>
internal sealed class UnprotectedAddressException(string message) : Exception(message);
