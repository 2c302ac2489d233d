using System.Diagnostics;
using System.Runtime.InteropServices;

namespace ShopifyLlmGuard.Inference.Engine;

/// <summary>Starts this program once more, as another process.</summary>
internal static class OwnProgram
{
    public static ProcessStartInfo With(params IEnumerable<string> arguments)
    {
        var program = typeof(OwnProgram).Assembly.Location;
        var dotnet = Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../../dotnet");
        return File.Exists(dotnet)
            ? new ProcessStartInfo(Path.GetFullPath(dotnet), [program, .. arguments])
            : new ProcessStartInfo(Environment.ProcessPath!, arguments);
    }
}
