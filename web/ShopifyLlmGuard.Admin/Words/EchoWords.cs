using System.Globalization;
using ShopifyLlmGuard.Propagation;

namespace ShopifyLlmGuard.Admin.Words;

/// <summary>How fast a change came, in words.</summary>
internal static class EchoWords
{
    public static string Time(double milliseconds) => milliseconds < 1000
        ? string.Create(CultureInfo.InvariantCulture, $"{milliseconds:0} ms")
        : string.Create(CultureInfo.InvariantCulture, $"{milliseconds / 1000:0.0} s");

    /// <summary>What the chart shows, for someone who does not see it.</summary>
    public static string Chart(ServerEchoes server) => string.Create(
        CultureInfo.InvariantCulture,
        $"{server.Echoes.Count} measurements of {server.Server}: usually {Time(server.Median)}, at most {Time(server.Slowest)}, last {Time(server.Last)}.");
}
