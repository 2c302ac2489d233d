using System.Globalization;

namespace ShopifyLlmGuard.Inference.Memory;

/// <summary>The memory of a process, of this container and of this machine, as Linux tells it. What cannot be read is left out.</summary>
/// <param name="root">Where the files are; <c>/</c>, or a copy of it.</param>
internal sealed class HostMemory(string root = "/")
{
    /// <param name="process">Its id; null when there is none.</param>
    /// <param name="processLimit">What the process may hold, in bytes; 0 is as much as the machine or the container.</param>
    public IReadOnlyList<MemoryReading> Read(int? process, long processLimit)
    {
        var machine = Machine();
        var container = Container(machine?.Limit ?? long.MaxValue);
        MemoryReading?[] readings =
        [
            process is { } id && Own(id) is { } held
                ? new MemoryReading(MemoryReading.OfWorker, held, LimitOf(processLimit, container, machine), IsOurs: true)
                : null,
            container,
            machine,
        ];
        return [.. readings.OfType<MemoryReading>().Where(reading => reading.Limit > 0)];
    }

    private static long LimitOf(long configured, MemoryReading? container, MemoryReading? machine) =>
        configured > 0 ? configured : container?.Limit ?? machine?.Limit ?? 0;

    // Not VmRSS: that counts the mapped file of the model too, which the kernel gives back when it needs the room.
    private long? Own(int process) =>
        Field($"proc/{process}/status", "RssAnon:") is { } anonymous ? anonymous + (Field($"proc/{process}/status", "RssShmem:") ?? 0) : null;

    private MemoryReading? Machine() =>
        Field("proc/meminfo", "MemTotal:") is { } total && Field("proc/meminfo", "MemAvailable:") is { } available
            ? new MemoryReading("machine", total - available, total, IsOurs: false)
            : null;

    // The second version of cgroups in one tree, the first in a tree of its own; inside a container its own group is the root.
    private MemoryReading? Container(long machine)
    {
        foreach (var line in Lines("proc/self/cgroup"))
        {
            var parts = line.Split(':', 3);
            var (tree, current, limit, total) = parts is ["0", "", _]
                ? ("sys/fs/cgroup", "memory.current", "memory.max", "")
                : ("sys/fs/cgroup/memory", "memory.usage_in_bytes", "memory.limit_in_bytes", "total_");
            if (parts.Length < 3 || (parts[1] != "memory" && parts[1].Length > 0))
            {
                continue;
            }

            foreach (var group in new[] { tree + parts[2].TrimEnd('/'), tree })
            {
                if (Number($"{group}/{current}") is { } used && Number($"{group}/{limit}") is { } most && most < machine)
                {
                    // Pages of files, of the mapped model too, are given back before anybody is killed.
                    var stat = $"{group}/memory.stat";
                    var spare = (Field(stat, $"{total}inactive_file", unit: 1) ?? 0) + (Field(stat, $"{total}active_file", unit: 1) ?? 0);
                    return new MemoryReading("container", Math.Max(0, used - spare), most, IsOurs: true);
                }
            }
        }

        return null;
    }

    private long? Field(string path, string name, long unit = 1024) =>
        Lines(path).Select(line => line.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries))
            .FirstOrDefault(parts => parts.Length > 1 && parts[0] == name) is { } found ? Parse(found[1]) * unit : null;

    private long? Number(string path) => Lines(path).FirstOrDefault() is { } line ? Parse(line) : null;

    private static long? Parse(string text) =>
        long.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private string[] Lines(string path)
    {
        try
        {
            return File.ReadAllLines(Path.Combine(root, path));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
