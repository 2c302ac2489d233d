using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;
using Microsoft.Extensions.Options;

namespace ShopifyLlmGuard.Server.Trust;

/// <summary>How much one address may ask of the doors for operators and monitoring systems. Section <c>OpsLimits</c>.</summary>
internal sealed class OpsLimitOptions
{
    /// <summary>Fifty a second of each source that has proven itself.</summary>
    [Range(1, 1_000_000)] public int DeliveriesPerMinute { get; set; } = 3_000;

    /// <summary>How often an address may fail its proof and be told and logged so.</summary>
    [Range(1, 1_000_000)] public int RefusalsPerMinute { get; set; } = 60;
}

/// <summary>
/// Keeps a flood at these doors from costing more than it must. A proof always comes first: a message to the bypass that is signed
/// passes whatever else came from its address, and is small; nobody spends what another may deliver; a delivery that is too much is
/// asked to come again. The address is that
/// of the connection, because a header that names another is anybody's to write.
/// </summary>
internal sealed class OpsLimits(IOptions<OpsLimitOptions> options) : IDisposable
{
    public const string RetryAfterSeconds = "5";

    // A megabyte each at most.
    private const int ReadAtOnce = 64;

    private readonly ConcurrencyLimiter reading = new(new() { PermitLimit = ReadAtOnce, QueueLimit = 0 });
    private readonly PartitionedRateLimiter<string> deliveries = PerMinute(options.Value.DeliveriesPerMinute);
    private readonly PartitionedRateLimiter<string> refusals = PerMinute(options.Value.RefusalsPerMinute);

    /// <summary>Leave to read a body whose proof is in itself, until it is disposed; not acquired while too many are read.</summary>
    public RateLimitLease Reading() => reading.AttemptAcquire();

    /// <summary>Whether a source that has proven itself may deliver one more.</summary>
    public bool MayDeliver(ConnectionInfo connection, string source) => Spend(deliveries, $"{AddressOf(connection)} {source}");

    /// <summary>Whether one more refusal is worth a word.</summary>
    public bool MayFail(ConnectionInfo connection) => Spend(refusals, AddressOf(connection));

    public void Dispose()
    {
        reading.Dispose();
        deliveries.Dispose();
        refusals.Dispose();
    }

    private static bool Spend(PartitionedRateLimiter<string> limiter, string key)
    {
        using var lease = limiter.AttemptAcquire(key);
        return lease.IsAcquired;
    }

    private static PartitionedRateLimiter<string> PerMinute(int calls) => PartitionedRateLimiter.Create<string, string>(key =>
        RateLimitPartition.GetTokenBucketLimiter(key, _ => new()
        {
            TokenLimit = calls, TokensPerPeriod = Math.Max(1, calls / 60), ReplenishmentPeriod = TimeSpan.FromMinutes(1) * Math.Max(1, calls / 60) / calls, QueueLimit = 0,
        }));

    // One IPv6 caller has 2^64 addresses.
    private static string AddressOf(ConnectionInfo connection)
    {
        var address = connection.RemoteIpAddress ?? IPAddress.None;
        address = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return address.AddressFamily == AddressFamily.InterNetworkV6 ? Convert.ToHexString(address.GetAddressBytes(), 0, 8) : address.ToString();
    }
}
