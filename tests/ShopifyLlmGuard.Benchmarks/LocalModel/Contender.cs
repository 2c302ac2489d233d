using System.Diagnostics;
using System.Globalization;

namespace ShopifyLlmGuard.Benchmarks.LocalModel;

/// <summary>A program that computes work without HTTP: a line in, the seconds that it took out.</summary>
internal sealed class Contender : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly Process _process;

    private Contender(Process process) => _process = process;

    public static async Task<Contender> StartAsync(string program, params IEnumerable<string> arguments)
    {
        var contender = new Contender(Process.Start(Cores.Start(program, arguments))!);
        while (await contender.ReadAsync() != "ready")
        {
            // What a runtime says about itself before it is.
        }

        return contender;
    }

    public async Task<double> SecondsAsync(Work work)
    {
        await _process.StandardInput.WriteLineAsync(work.ToString());
        return double.Parse(await ReadAsync(), CultureInfo.InvariantCulture);
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private async Task<string> ReadAsync() => await _process.StandardOutput.ReadLineAsync().WaitAsync(Patience)
        ?? throw new InvalidOperationException($"{_process.StartInfo.ArgumentList[2]} ended.");
}
