namespace ShopifyLlmGuard.Compliance;

/// <summary>What the audit trail records: a small closed set of kebab-case codes.</summary>
public static class AuditActions
{
    public const string PinPlaced = "pin-placed";
    public const string PinReleased = "pin-released";
    public const string FlagTurned = "flag-turned";
    public const string FallbackSaved = "fallback-saved";
    public const string KeyMade = "key-made";
    public const string KeyRevoked = "key-revoked";
    public const string EndpointSaved = "endpoint-saved";
    public const string EndpointRemoved = "endpoint-removed";
    public const string BypassOn = "bypass-on";
    public const string BypassOff = "bypass-off";
    public const string ShopRedacted = "shop-redacted";
    public const string IncidentOpened = "incident-opened";
    public const string IncidentReopened = "incident-reopened";
    public const string IncidentEnded = "incident-ended";
    public const string IncidentAssessed = "incident-assessed";
    public const string IncidentAware = "incident-aware";
    public const string IncidentDecided = "incident-decided";
    public const string IncidentSubmitted = "incident-submitted";
    public const string IncidentClosed = "incident-closed";
    public const string ReleaseAdded = "release-added";
    public const string ReleaseTested = "release-tested";
    public const string ReleaseStarted = "release-started";
    public const string ReleaseWidened = "release-widened";
    public const string ReleasePromoted = "release-promoted";
    public const string ReleaseRolledBack = "release-rolled-back";
}

/// <summary>What is to be recorded about a change.</summary>
/// <param name="Action">One of <see cref="AuditActions"/>.</param>
/// <param name="Shop">The shop that it is about; null for all of them.</param>
/// <param name="Actor">Who did it.</param>
/// <param name="Subject">What was changed.</param>
/// <param name="Detail">How it stands now, one line.</param>
/// <param name="Reason">Why, in that person's words.</param>
public sealed record AuditNote(string Action, string? Shop, string Actor, string Subject, string Detail, string Reason = "")
{
    /// <summary>The entries whose words were deleted; see <see cref="AuditEntry.Forgets"/>.</summary>
    internal string? Forgets { get; init; }
}
