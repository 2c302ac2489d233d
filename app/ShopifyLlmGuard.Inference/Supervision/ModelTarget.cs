namespace ShopifyLlmGuard.Inference.Supervision;

/// <summary>Which file a worker is to serve.</summary>
/// <param name="Path">A whole path.</param>
/// <param name="Sha256">What the file's sum must be; null when that is not asked.</param>
internal sealed record ModelTarget(string Path, string? Sha256)
{
    private (long Length, DateTime Written)? _served;

    /// <summary>The file has been served before and is still the same: it needs no trial.</summary>
    public bool IsTried => _served is { } served && served == Stamp();

    /// <summary>The same file, known to be servable as it is now.</summary>
    public ModelTarget Tried() => this with { _served = Stamp() };

    private (long, DateTime) Stamp()
    {
        var file = new FileInfo(Path);
        return file.Exists ? (file.Length, file.LastWriteTimeUtc) : default;
    }
}
