using Microsoft.EntityFrameworkCore;
using ShopifyLlmGuard.Catalog;
using ShopifyLlmGuard.Compliance;
using ShopifyLlmGuard.Fallbacks;
using ShopifyLlmGuard.Flags;
using ShopifyLlmGuard.Gateway;
using ShopifyLlmGuard.Health;
using ShopifyLlmGuard.Health.Leases;
using ShopifyLlmGuard.Incidents;
using ShopifyLlmGuard.Incidents.Answers;
using ShopifyLlmGuard.Incidents.Signals;
using ShopifyLlmGuard.Llm;
using ShopifyLlmGuard.Llm.Endpoints;
using ShopifyLlmGuard.Privacy;
using ShopifyLlmGuard.Propagation;
using ShopifyLlmGuard.Protections;
using ShopifyLlmGuard.Releases;
using ShopifyLlmGuard.Serving;
using ShopifyLlmGuard.Serving.Bypassing;
using ShopifyLlmGuard.Shops;

namespace ShopifyLlmGuard.Data;

/// <summary>All durable state, in schema <c>guard</c>. Each entity's mapping stands at the foot of its own file.</summary>
public sealed class GuardDb(DbContextOptions<GuardDb> options) : DbContext(options)
{
    public const string Schema = "guard";

    /// <summary>The channel on which every server hears that decisions may have changed.</summary>
    internal const string Channel = "guard_changed";

    private SnapshotChanges saved = new();

    public DbSet<Shop> Shops => Set<Shop>();
    public DbSet<ShopTokenRow> ShopTokens => Set<ShopTokenRow>();
    public DbSet<Flag> Flags => Set<Flag>();
    public DbSet<FlagChange> FlagChanges => Set<FlagChange>();
    public DbSet<Pin> Pins => Set<Pin>();
    public DbSet<BypassDecision> BypassDecisions => Set<BypassDecision>();
    public DbSet<ProtectionProof> ProtectionProofs => Set<ProtectionProof>();
    public DbSet<ServingChange> ServingChanges => Set<ServingChange>();
    public DbSet<OutboxRow> Outbox => Set<OutboxRow>();
    public DbSet<Heartbeat> Heartbeats => Set<Heartbeat>();
    public DbSet<HeartbeatEcho> HeartbeatEchoes => Set<HeartbeatEcho>();
    public DbSet<PublishedMetafield> PublishedMetafields => Set<PublishedMetafield>();
    public DbSet<EndpointStanding> EndpointStandings => Set<EndpointStanding>();
    public DbSet<EndpointChange> EndpointChanges => Set<EndpointChange>();
    public DbSet<ProbeResult> ProbeResults => Set<ProbeResult>();
    public DbSet<ProbeLease> ProbeLeases => Set<ProbeLease>();
    public DbSet<FallbackVersion> FallbackVersions => Set<FallbackVersion>();
    public DbSet<ProductRow> Products => Set<ProductRow>();
    public DbSet<RelatedProducts> RelatedProducts => Set<RelatedProducts>();
    public DbSet<CatalogVersion> CatalogVersions => Set<CatalogVersion>();
    public DbSet<WebhookDelivery> WebhookDeliveries => Set<WebhookDelivery>();
    public DbSet<AttemptRecord> Attempts => Set<AttemptRecord>();
    public DbSet<EvidenceHead> EvidenceHeads => Set<EvidenceHead>();
    public DbSet<EndpointVersion> EndpointVersions => Set<EndpointVersion>();
    public DbSet<PrivacyRecord> PrivacyRecords => Set<PrivacyRecord>();
    public DbSet<GatewayKey> GatewayKeys => Set<GatewayKey>();
    public DbSet<IncidentDelivery> IncidentDeliveries => Set<IncidentDelivery>();
    public DbSet<SignalStanding> SignalStandings => Set<SignalStanding>();
    public DbSet<AuditEntry> AuditEntries => Set<AuditEntry>();
    public DbSet<AuditWords> AuditWords => Set<AuditWords>();
    public DbSet<AuditHead> AuditHeads => Set<AuditHead>();
    public DbSet<Incident> Incidents => Set<Incident>();
    public DbSet<IncidentImpact> IncidentImpacts => Set<IncidentImpact>();
    public DbSet<IncidentStep> IncidentSteps => Set<IncidentStep>();
    public DbSet<IncidentCursor> IncidentCursors => Set<IncidentCursor>();
    public DbSet<AnswerMinute> AnswerMinutes => Set<AnswerMinute>();
    public DbSet<Release> Releases => Set<Release>();
    public DbSet<GoldenRun> GoldenRuns => Set<GoldenRun>();
    public DbSet<RolloutChange> RolloutChanges => Set<RolloutChange>();
    public DbSet<ReleaseMinute> ReleaseMinutes => Set<ReleaseMinute>();

    /// <summary>
    /// Saves everything and tells every server, in one transaction (the current one, if there is one). What changed is taken from
    /// what this context has saved; when that is nothing of a snapshot, the servers look at everything. A caller that changes rows
    /// with SQL beside tracked ones says so with the other overload.
    /// </summary>
    internal Task SaveAndTellAsync(CancellationToken cancellationToken) => SaveAndTellAsync(null, cancellationToken);

    /// <summary>The same, with what was changed by SQL.</summary>
    internal async Task SaveAndTellAsync(SnapshotChanges? bySql, CancellationToken cancellationToken)
    {
        var own = Database.CurrentTransaction is null ? await Database.BeginTransactionAsync(cancellationToken) : null;
        await SaveChangesAsync(cancellationToken);
        var changes = saved;
        saved = new();
        changes.Add(bySql ?? (changes.IsNothing ? SnapshotChanges.Everything() : new()));
        await Database.ExecuteSqlAsync($"SELECT pg_notify({Channel}, {changes.ToString()})", cancellationToken);
        if (own is not null)
        {
            await own.CommitAsync(cancellationToken);
            await own.DisposeAsync();
        }
    }

    public override Task<int> SaveChangesAsync(bool acceptAllChangesOnSuccess, CancellationToken cancellationToken = default)
    {
        foreach (var entry in ChangeTracker.Entries().Where(entry => entry.State is EntityState.Added or EntityState.Modified or EntityState.Deleted))
        {
            if (SnapshotParts.Of(entry.Metadata.ClrType) is { } part)
            {
                saved.Add(part, part.KeyOf is { } key ? [key(entry.Entity)] : null);
            }
        }

        return base.SaveChangesAsync(acceptAllChangesOnSuccess, cancellationToken);
    }

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.HasDefaultSchema(Schema);
        modelBuilder.ApplyConfigurationsFromAssembly(typeof(GuardDb).Assembly);
        SnakeCase.Apply(modelBuilder);
    }
}
