using System.Runtime.Versioning;
using ShopifyLlmGuard.Benchmarks;
using ShopifyLlmGuard.Benchmarks.Faults;
using ShopifyLlmGuard.Benchmarks.Gateway;
using ShopifyLlmGuard.Benchmarks.LocalModel;
using ShopifyLlmGuard.Benchmarks.Propagation;

[assembly: SupportedOSPlatform("linux")]

if (args is [RawLoop.Argument, ..])
{
    return RawLoop.Run(args);
}

var benchmarks = new Dictionary<string, Func<Task<Report>>>
{
    ["first-light"] = FirstLight.RunAsync,
    ["faults"] = FaultBenchmark.RunAsync,
    ["gateway"] = GatewayBenchmark.RunAsync,
    ["inference"] = InferenceLimits.RunAsync,
    ["recovery"] = Recovery.RunAsync,
    ["propagation"] = PropagationBenchmark.RunAsync,
};

if (args is [PeerProcess.Serve, var peer, var url, .. var rest])
{
    await PeerProcess.RunAsync(peer, url, rest.FirstOrDefault());
    return 0;
}

if (args is not [var name] || !benchmarks.TryGetValue(name, out var run))
{
    Console.Error.WriteLine($"Name one benchmark: {string.Join(", ", benchmarks.Keys)}");
    return args.Length == 0 ? 0 : 2;
}

var report = await run();
await report.WriteAsync();
return report.Targets.All(target => target.Met) ? 0 : 1;
