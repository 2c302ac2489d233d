using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using ShopifyLlmGuard.Data;

namespace ShopifyLlmGuard.Incidents.Signals;

/// <summary>Keeps deliveries until they are worked off. A delivery with an id of its own is kept once, however often it comes.</summary>
public sealed class SignalInbox(IDbContextFactory<GuardDb> databases, TimeProvider clock)
{
    // Whoever takes a delivery has so long before another server may; each failure makes the next one longer.
    private const double FirstLeaseSeconds = 10, LongestLeaseSeconds = 300;
    private static readonly TimeSpan Kept = TimeSpan.FromDays(30), StandingsKept = TimeSpan.FromDays(400);

    /// <summary>Stores a delivery. Throws what the database throws: then the source must deliver again.</summary>
    /// <returns>False when it was there already.</returns>
    public async Task<bool> StoreAsync(
        string source, string? eventId, IReadOnlyList<IncidentSignal> signals, DateTimeOffset receivedAt, CancellationToken cancellationToken)
    {
        var id = $"{source}/{eventId ?? Guid.CreateVersion7(receivedAt).ToString("N")}";
        var json = JsonSerializer.Serialize(signals, JsonSerializerOptions.Web);
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await db.Database.ExecuteSqlAsync(
            $"""
             INSERT INTO guard.incident_deliveries (id, source, received_at, signals, attempts, due_at)
             VALUES ({id}, {source}, {receivedAt.ToUniversalTime()}, {json}::jsonb, 0, {receivedAt.ToUniversalTime()})
             ON CONFLICT (id) DO NOTHING
             """, cancellationToken) > 0;
    }

    /// <summary>Takes the oldest delivery that is due, for this server alone, and counts the attempt; null when there is none.</summary>
    internal async Task<IncidentDelivery?> TakeAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var taken = await db.IncidentDeliveries.FromSql(
            $"""
             UPDATE guard.incident_deliveries SET
                 attempts = attempts + 1,
                 due_at = {now} + make_interval(secs => least({LongestLeaseSeconds}, {FirstLeaseSeconds} * power(2, attempts)))
             WHERE id = (
                 SELECT id FROM guard.incident_deliveries
                 WHERE handled_at IS NULL AND due_at <= {now} AND attempts < {IncidentDelivery.MaximumAttempts}
                 ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
             RETURNING *
             """).AsNoTracking().ToListAsync(cancellationToken);
        return taken.SingleOrDefault();
    }

    internal async Task FinishAsync(IncidentDelivery delivery, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await db.IncidentDeliveries.Where(row => row.Id == delivery.Id)
            .ExecuteUpdateAsync(row => row.SetProperty(r => r.HandledAt, now).SetProperty(r => r.Error, (string?)null), cancellationToken);
    }

    internal async Task FailAsync(IncidentDelivery delivery, string error, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await db.IncidentDeliveries.Where(row => row.Id == delivery.Id).ExecuteUpdateAsync(row => row.SetProperty(r => r.Error, error), cancellationToken);
    }

    internal async Task TidyAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var (before, standingsBefore) = (now - Kept, now - StandingsKept);
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await db.IncidentDeliveries.Where(row => row.ReceivedAt < before && (row.HandledAt != null || row.Attempts >= IncidentDelivery.MaximumAttempts))
            .ExecuteDeleteAsync(cancellationToken);
        await db.SignalStandings.Where(standing => standing.ReceivedAt < standingsBefore).ExecuteDeleteAsync(cancellationToken);
    }
}
