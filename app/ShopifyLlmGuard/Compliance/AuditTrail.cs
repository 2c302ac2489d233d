using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using ShopifyLlmGuard.Data;

namespace ShopifyLlmGuard.Compliance;

/// <summary>
/// Records changes in the transaction that makes them: a change without its entry does not happen. All servers write one chain, one
/// after the other; these are rare, human actions, and no shopper's request ever waits for one.
/// </summary>
public sealed partial class AuditTrail
{
    // The same for all servers, and for nothing else in this database.
    private const long Lock = 0x6175646974; // "audit"

    private readonly EvidenceKeys keys;
    private readonly TimeProvider clock;
    private readonly ILogger<AuditTrail> logger;

    internal AuditTrail(EvidenceKeys keys, TimeProvider clock, ILogger<AuditTrail> logger) =>
        (this.keys, this.clock, this.logger) = (keys, clock, logger);

    /// <summary>
    /// Saves everything and adds an entry, in the current transaction. The chain is held from here to the end of the transaction, so
    /// this comes last in it: whoever holds the chain must not wait for anything else.
    /// </summary>
    internal async Task AppendAsync(GuardDb db, AuditNote note, CancellationToken cancellationToken)
    {
        if (db.Database.CurrentTransaction is null)
        {
            throw new InvalidOperationException("An audit entry belongs into the transaction of its change.");
        }

        await db.SaveChangesAsync(cancellationToken);
        await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock({Lock})", cancellationToken);
        var head = await db.AuditHeads.AsNoTracking().FirstOrDefaultAsync(cancellationToken);
        var (entry, words) = Next(note, head);
        db.AuditEntries.Add(entry);
        db.AuditWords.Add(words);
        await db.SaveChangesAsync(cancellationToken);
        await MoveHeadAsync(db, entry, cancellationToken);
        Log.Recorded(logger, entry.Sequence, entry.Action, Convert.ToHexStringLower(entry.Seal));
    }

    private (AuditEntry Entry, AuditWords Words) Next(AuditNote note, AuditHead? head)
    {
        var words = new AuditWords
        {
            Sequence = (head?.Sequence ?? 0) + 1, Shop = note.Shop, Actor = note.Actor, Subject = note.Subject, Detail = note.Detail,
            Reason = note.Reason, Salt = RandomNumberGenerator.GetBytes(16),
        };
        var entry = new AuditEntry
        {
            Sequence = words.Sequence, At = DatabaseTime.Of(clock), Action = note.Action, WordsHash = AuditSeal.Of(words),
            Forgets = note.Forgets, PreviousSeal = head?.LastSeal,
        };
        entry.Seal = AuditSeal.Of(entry, keys.Newest);
        return (entry, words);
    }

    private Task<int> MoveHeadAsync(GuardDb db, AuditEntry entry, CancellationToken cancellationToken)
    {
        var seal = AuditSeal.Head(entry.Sequence, entry.Seal, entry.At, keys.Newest);
        return db.Database.ExecuteSqlAsync(
            $"""
             INSERT INTO guard.audit_heads (id, sequence, last_seal, at, seal)
             VALUES ({AuditHead.Only}, {entry.Sequence}, {entry.Seal}, {entry.At}, {seal})
             ON CONFLICT (id) DO UPDATE SET
                 sequence = EXCLUDED.sequence, last_seal = EXCLUDED.last_seal, at = EXCLUDED.at, seal = EXCLUDED.seal
             """, cancellationToken);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Audit entry {Sequence}: {Action}, seal {Seal}.")]
        public static partial void Recorded(ILogger logger, long sequence, string action, string seal);
    }
}
