using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using ShopifyLlmGuard.Data;

namespace ShopifyLlmGuard.Tests;

/// <summary>
/// A real PostgreSQL of the tests' own, made from Debian's package, in a directory that is deleted at the end. As root it runs
/// as nobody, because PostgreSQL refuses root. One cluster serves the whole run; fault tests make their own and break it.
/// </summary>
public sealed class PostgresCluster : IDisposable
{
    // Test runners end their process without asking, so something outside of it has to clean up after it.
    private const string CleanUpAfter =
        """
        exec >/dev/null 2>&1 </dev/null
        while kill -0 "$1" && [ -d "$2" ]; do sleep 1; done
        if [ -f "$2/data/postmaster.pid" ]; then
          postmaster=$(head -n 1 "$2/data/postmaster.pid")
          pkill -CONT -P "$postmaster"; kill -CONT "$postmaster"; kill -QUIT "$postmaster"
          for second in 1 2 3 4 5; do kill -0 "$postmaster" || break; sleep 1; done
        fi
        rm -rf "$2"
        """;

    private static readonly Lazy<PostgresCluster> OfTheRun = new(() => new PostgresCluster());

    private static readonly Lazy<string> Binaries = new(FindBinaries);
    private readonly string directory = Directory.CreateTempSubdirectory("guard-postgres-").FullName;
    private readonly int port = FreePort();
    private readonly Lazy<string> template;
    private int databases;

    public PostgresCluster()
    {
        template = new Lazy<string>(MakeTemplate);
        Process.Start("setsid", ["sh", "-c", CleanUpAfter, "clean-up-after-tests", $"{Environment.ProcessId}", directory]).Dispose();
        if (Environment.IsPrivilegedProcess)
        {
            Run("chown", "nobody", directory);
        }

        Pg("initdb", "-D", Data, "-U", "guard", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync");
        File.AppendAllText(Path.Combine(Data, "postgresql.conf"),
            $"""

             listen_addresses = '127.0.0.1'
             port = {port}
             unix_socket_directories = ''
             fsync = off
             max_connections = 300
             """);
        Start();
    }

    /// <summary>The cluster that tests share. Never stop this one.</summary>
    public static PostgresCluster Shared => OfTheRun.Value;

    private string Data => Path.Combine(directory, "data");

    /// <summary>A new, empty, migrated database; returns its connection string.</summary>
    public string NewDatabase()
    {
        var name = $"guard_{Interlocked.Increment(ref databases)}";
        lock (template)
        {
            Execute("postgres", $"CREATE DATABASE {name} TEMPLATE {template.Value}");
        }

        return ConnectionString(name);
    }

    public void Start() => Pg("pg_ctl", "-D", Data, "-w", "-t", "60", "-l", Path.Combine(directory, "log"), "start");

    /// <summary>Stops orderly and fast: connections are cut.</summary>
    public void Stop() => Pg("pg_ctl", "-D", Data, "-w", "-m", "fast", "stop");

    /// <summary>Stops as in a power cut.</summary>
    public void Kill() => Pg("pg_ctl", "-D", Data, "-w", "-m", "immediate", "stop");

    /// <summary>Freezes every server process: connections stay open and nothing answers.</summary>
    public void Freeze() => Signal("STOP");

    public void Thaw() => Signal("CONT");

    public void Dispose()
    {
        NpgsqlConnection.ClearAllPools();
        if (!Directory.Exists(directory))
        {
            return;
        }

        if (File.Exists(Path.Combine(Data, "postmaster.pid")))
        {
            Thaw();
            Kill();
        }

        Directory.Delete(directory, recursive: true);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static string FindBinaries()
    {
        var onPath = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':');
        var debian = Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetDirectories("/usr/lib/postgresql").Order(StringComparer.Ordinal).Reverse().Select(version => Path.Combine(version, "bin"))
            : [];
        return debian.Concat(onPath).FirstOrDefault(folder => File.Exists(Path.Combine(folder, "initdb")))
            ?? throw new InvalidOperationException("PostgreSQL is missing: install Debian's package postgresql.");
    }

    private static string Run(string command, params string[] arguments)
    {
        // pg_ctl's server would inherit redirected pipes and keep them open, so its output goes nowhere.
        var isServer = arguments.Contains("start");
        var start = new ProcessStartInfo(command, arguments)
        {
            RedirectStandardOutput = !isServer, RedirectStandardError = !isServer, WorkingDirectory = "/",
        };
        using var process = Process.Start(start)!;
        var output = isServer ? "" : process.StandardOutput.ReadToEnd() + process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output
            : throw new InvalidOperationException($"{command} {string.Join(' ', arguments)} ended with {process.ExitCode}: {output}");
    }

    private static void Pg(string binary, params string[] arguments)
    {
        var path = Path.Combine(Binaries.Value, binary);
        if (Environment.IsPrivilegedProcess)
        {
            Run("setpriv", ["--reuid=nobody", "--clear-groups", "env", "HOME=/tmp", path, .. arguments]);
        }
        else
        {
            Run(path, arguments);
        }
    }

    private string MakeTemplate()
    {
        Execute("postgres", "CREATE DATABASE guard_template");
        var connectionString = ConnectionString("guard_template") + ";Pooling=false";
        using var db = new GuardDb(new DbContextOptionsBuilder<GuardDb>()
            .UseNpgsql(connectionString, npgsql => npgsql.MigrationsHistoryTable("migrations", GuardDb.Schema)).Options);
        db.Database.Migrate();
        return "guard_template";
    }

    // Server processes come and go meanwhile; only the postmaster must be there.
    private void Signal(string signal)
    {
        var postmaster = File.ReadLines(Path.Combine(Data, "postmaster.pid")).First();
        Run("kill", $"-{signal}", postmaster);
        using var children = Process.Start("pkill", [$"-{signal}", "-P", postmaster]);
        children.WaitForExit();
    }

    private void Execute(string database, string sql)
    {
        using var connection = new NpgsqlConnection(ConnectionString(database) + ";Pooling=false");
        connection.Open();
        using var command = new NpgsqlCommand(sql, connection);
        command.ExecuteNonQuery();
    }

    private string ConnectionString(string database) =>
        $"Host=127.0.0.1;Port={port};Username=guard;Database={database};Include Error Detail=true";
}
