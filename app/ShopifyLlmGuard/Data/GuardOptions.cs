using System.ComponentModel.DataAnnotations;

namespace ShopifyLlmGuard.Data;

/// <summary>Section <c>Guard</c>: where the guard keeps what must survive without a database, and how it follows the database.</summary>
public sealed class GuardOptions
{
    /// <summary>A directory of this server's own, for the last good snapshot and the bypass file.</summary>
    [Required]
    public string DataDirectory { get; set; } = ".data/guard";

    /// <summary>
    /// Base addresses of all guard servers, this one too if that is easier. With them a bypass needs no database: servers and the
    /// command line tell each other directly, by signed message.
    /// </summary>
    public List<string> Servers { get; set; } = [];

    /// <summary>Off where an operator migrates the database by hand.</summary>
    public bool MigrateAtStart { get; set; } = true;

    /// <summary>This server's name in rows and charts; it must differ between servers that run at the same time.</summary>
    [Required]
    public string Server { get; set; } = $"{Environment.MachineName}-{Environment.ProcessId}";

    /// <summary>How often a change that means nothing measures the way to every server.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan HeartbeatEvery { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long heartbeats and their echoes are kept.</summary>
    [Range(typeof(TimeSpan), "00:10:00", "366.00:00:00")]
    public TimeSpan HeartbeatsKept { get; set; } = TimeSpan.FromDays(7);

    /// <summary>How often the snapshot is read again although nothing was announced.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan PollEvery { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>The longest pause between two attempts to reach a lost database.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:05:00")]
    public TimeSpan LongestBackoff { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a start waits for the first snapshot before it goes on with the one from disk.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:30")]
    public TimeSpan WaitForDatabaseAtStart { get; set; } = TimeSpan.FromSeconds(3);
}
