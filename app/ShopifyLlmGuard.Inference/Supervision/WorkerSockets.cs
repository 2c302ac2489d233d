namespace ShopifyLlmGuard.Inference.Supervision;

/// <summary>
/// Two Unix sockets in a folder of their own that only this user can enter: that is the proof of identity on them. A new one
/// for each worker, because systems clean their temporary files while a host runs for months.
/// </summary>
/// <param name="Http">Where the worker's API listens.</param>
/// <param name="Beat">Where the front listens for its beats.</param>
internal sealed record WorkerSockets(string Http, string Beat)
{
    public static WorkerSockets New()
    {
        var folder = Directory.CreateTempSubdirectory("llm-guard-").FullName;
        return new WorkerSockets(Path.Combine(folder, "http"), Path.Combine(folder, "beat"));
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
