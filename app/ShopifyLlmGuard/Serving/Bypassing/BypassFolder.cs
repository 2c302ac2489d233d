using System.Text.Json;

namespace ShopifyLlmGuard.Serving.Bypassing;

/// <summary>
/// The bypass on this server's disk: the file <c>bypass</c>, which a person makes and removes, and one file for each decision
/// that the database may not have yet, or that stands. The command line leaves decisions here too.
/// </summary>
internal sealed class BypassFolder(string dataDirectory)
{
    private readonly string byHand = Path.Combine(dataDirectory, "bypass");
    private readonly string decisions = Path.Combine(dataDirectory, "bypasses");

    /// <summary>The file made by hand, if it is there; its first line is the reason.</summary>
    /// <param name="seen">What the last look found: a file that has not changed is not read again.</param>
    public BypassHold? ByHand(BypassHold? seen)
    {
        var file = new FileInfo(byHand);
        if (!file.Exists)
        {
            return null;
        }

        var since = new DateTimeOffset(file.LastWriteTimeUtc, TimeSpan.Zero);
        return seen?.Since == since ? seen : new BypassHold(BypassWay.File, "the file's maker", ReasonIn(byHand), since);
    }

    public bool Prepare() => Directory.CreateDirectory(dataDirectory).Exists;

    /// <summary>Decisions that are not among the known ones.</summary>
    public IEnumerable<BypassDecision> News(Predicate<Guid> isKnown)
    {
        if (!Directory.Exists(decisions))
        {
            yield break;
        }

        foreach (var path in Directory.EnumerateFiles(decisions, "*.json"))
        {
            if (Guid.TryParse(Path.GetFileNameWithoutExtension(path), out var id) && !isKnown(id) && Read(path) is { } decision)
            {
                yield return decision;
            }
        }
    }

    /// <summary>Whether it now lies on the disk. Written beside and renamed, so that nobody reads half of it. Where no server keeps its data, nothing is left.</summary>
    public bool Keep(BypassDecision decision)
    {
        try
        {
            if (!Directory.Exists(dataDirectory))
            {
                return false;
            }

            Directory.CreateDirectory(decisions);
            var next = $"{PathOf(decision)}.{Environment.ProcessId}";
            File.WriteAllText(next, JsonSerializer.Serialize(decision));
            File.Move(next, PathOf(decision), overwrite: true);
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    public void Drop(BypassDecision decision)
    {
        try
        {
            File.Delete(PathOf(decision));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // An old decision that stays here loses against the newest all the same.
        }
    }

    private string PathOf(BypassDecision decision) => Path.Combine(decisions, $"{decision.Id}.json");

    private static BypassDecision? Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<BypassDecision>(File.ReadAllText(path)) is { } decision && !decision.Mistakes().Any() ? decision : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    private static string ReasonIn(string path)
    {
        try
        {
            var line = File.ReadLines(path).FirstOrDefault()?.Trim() ?? "";
            return line.Length is > 0 and <= BypassDecision.LongestReason && !line.Any(char.IsControl) ? line : "The bypass file is there.";
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return "The bypass file is there.";
        }
    }
}
