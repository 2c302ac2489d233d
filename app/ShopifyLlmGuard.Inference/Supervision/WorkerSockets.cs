using System.Text;

namespace ShopifyLlmGuard.Inference.Supervision;

/// <summary>
/// Two Unix sockets in a folder of their own that only this user can enter: that is the proof of identity on them. A new one
/// for each worker, because systems clean their temporary files while a host runs for months.
/// </summary>
/// <param name="Http">Where the worker's API listens.</param>
/// <param name="Beat">Where the front listens for its beats.</param>
internal sealed record WorkerSockets(string Http, string Beat)
{
    // The path of a Unix socket has 107 bytes at most; what comes behind the folder for temporary files needs these.
    private const int LongestBase = 70;

    public static WorkerSockets New()
    {
        var folder = OperatingSystem.IsWindows() || Encoding.UTF8.GetByteCount(Path.GetTempPath()) <= LongestBase
            ? Directory.CreateTempSubdirectory("llm-guard-")
            : Directory.CreateDirectory($"/tmp/llm-guard-{Guid.NewGuid():N}", UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return new WorkerSockets(Path.Combine(folder.FullName, "http"), Path.Combine(folder.FullName, "beat"));
    }

    public void Delete()
    {
        try
        {
            Directory.Delete(Path.GetDirectoryName(Http)!, recursive: true);
        }
        catch (IOException)
        {
            // Gone already, or left to the system's own cleaning.
        }
    }
}
