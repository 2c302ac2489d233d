namespace ShopifyLlmGuard.Admin.Pages;

/// <summary>The switch of a feature, as posted.</summary>
internal sealed class SwitchForm
{
    public string? Feature { get; set; }
    public bool On { get; set; }
    public string? Reason { get; set; }
}

/// <summary>A mode to hold, as posted.</summary>
internal sealed class PinForm
{
    public string? Feature { get; set; }
    public string? Mode { get; set; }
    public string? For { get; set; }
    public string? Zone { get; set; }
    public string? Reason { get; set; }
}

/// <summary>A pin to release, as posted.</summary>
internal sealed class ReleaseForm
{
    public string? Feature { get; set; }
    public Guid Pin { get; set; }
}
