using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace ShopifyLlmGuard.Tests.Incidents;

/// <summary>
/// Debian's Prometheus and Alertmanager with the configuration that the repository ships, except for addresses and shorter times.
/// </summary>
internal sealed class RealMonitoring : IAsyncDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("guard-monitoring-").FullName;
    private readonly List<Process> running = [];
    private readonly HttpClient http = new(new SocketsHttpHandler());
    private readonly (int Prometheus, int Alertmanager) ports = (FreePort(), FreePort());

    public static string Shipped { get; } = Path.Combine(Node.RepositoryRoot, "infra", "monitoring");

    /// <summary>Starts both, and waits until they are ready.</summary>
    public static async Task<RealMonitoring> StartAsync(Uri guard, string secret)
    {
        var monitoring = new RealMonitoring();
        monitoring.Configure(guard, secret);
        await monitoring.RunAsync("prometheus-alertmanager", monitoring.ports.Alertmanager,
            $"--config.file={monitoring.PathOf("alertmanager.yml")}", $"--storage.path={monitoring.PathOf("alerts")}", "--cluster.listen-address=");
        await monitoring.RunAsync("prometheus", monitoring.ports.Prometheus,
            $"--config.file={monitoring.PathOf("prometheus.yml")}", $"--storage.tsdb.path={monitoring.PathOf("series")}");
        return monitoring;
    }

    /// <summary>What a program prints, and whether it is content.</summary>
    public static async Task<(int ExitCode, string Said)> AskAsync(string program, params string[] arguments)
    {
        using var process = Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true });
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + await error);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in running)
        {
            process.StandardInput.Close();
            await process.WaitForExitAsync();
            process.Dispose();
        }

        http.Dispose();
        Directory.Delete(directory, recursive: true);
    }

    private string PathOf(string name) => Path.Combine(directory, name);

    private void Configure(Uri guard, string secret)
    {
        File.WriteAllText(PathOf("guard.secret"), secret);
        // A scrape may take as long as the pause between two, and a busy machine needs that.
        Copy("prometheus.yml", ("127.0.0.1:9093", $"127.0.0.1:{ports.Alertmanager}"), ("127.0.0.1:5080", guard.Authority), ("scrape_interval: 5s", "scrape_interval: 3s"), ("evaluation_interval: 5s", "evaluation_interval: 1s"));
        Copy("guard.rules.yml", ("for: 15s", "for: 1s"));
        Copy("alertmanager.yml", ("http://127.0.0.1:5080/", guard.ToString()), ("/etc/prometheus/guard.secret", PathOf("guard.secret")), ("group_interval: 5s", "group_interval: 1s"));
    }

    private void Copy(string name, params (string Old, string New)[] changes)
    {
        var text = File.ReadAllText(Path.Combine(Shipped, name));
        foreach (var (old, changed) in changes)
        {
            Assert.Contains(old, text, StringComparison.Ordinal);
            text = text.Replace(old, changed, StringComparison.Ordinal);
        }

        File.WriteAllText(PathOf(name), text);
    }

    // A shell holds it by a pipe: when this process ends, however it ends, the pipe closes and the program with it.
    private async Task RunAsync(string program, int port, params string[] arguments)
    {
        running.Add(Start(new ProcessStartInfo(
            "sh", ["-c", "log=$1; shift; \"$@\" >\"$log\" 2>&1 </dev/null & read _; kill -9 $!; wait", "monitoring", PathOf($"{program}.log"), program, .. arguments, $"--web.listen-address=127.0.0.1:{port}"])
        {
            RedirectStandardInput = true,
        }));
        await DoorApp.UntilAsync(() => IsReadyAsync(port), $"{program} is ready (install Debian's packages prometheus and prometheus-alertmanager)", seconds: 30);
    }

    private async Task<bool> IsReadyAsync(int port)
    {
        try
        {
            using var response = await http.GetAsync(new Uri($"http://127.0.0.1:{port}/-/ready"));
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception missing)
        {
            throw new InvalidOperationException($"{start.FileName} is missing: install Debian's packages prometheus and prometheus-alertmanager.", missing);
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
