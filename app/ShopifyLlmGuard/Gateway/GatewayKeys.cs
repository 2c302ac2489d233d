using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using ShopifyLlmGuard.Compliance;
using ShopifyLlmGuard.Data;

namespace ShopifyLlmGuard.Gateway;

/// <summary>Makes keys, takes them back, and knows them again. Knowing never touches the database.</summary>
public sealed class GatewayKeys(IDbContextFactory<GuardDb> databases, Snapshots snapshots, AuditTrail trail, TimeProvider clock)
{
    private const string Prefix = "guard_";
    private const int IdLength = 12, SecretBytes = 32;

    /// <summary>Makes a key. It is returned here and nowhere else: only its hash is kept.</summary>
    public async Task<(GatewayKey Key, string Secret)> AddAsync(GatewayKeyRequest request, CancellationToken cancellationToken = default)
    {
        var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(IdLength / 2));
        var secret = $"{Prefix}{id}_{Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes))}";
        var now = DatabaseTime.Of(clock);
        var key = new GatewayKey
        {
            Id = id, Name = request.Name, Hash = HashOf(secret), Jurisdictions = [.. request.Jurisdictions], PerMinute = request.PerMinute,
            AtOnce = request.AtOnce, CreatedAt = now, CreatedBy = request.Actor, ExpiresAt = request.For is { } time ? now + time : null,
        };
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        db.GatewayKeys.Add(key);
        await trail.AppendAsync(db, new AuditNote(
            AuditActions.KeyMade, null, request.Actor, $"key {id} of {key.Name}", $"{string.Join(',', key.Jurisdictions)}, {key.PerMinute} a minute, {key.AtOnce} at once"), cancellationToken);
        await db.SaveAndTellAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return (key, secret);
    }

    /// <summary>Every key there ever was, oldest first.</summary>
    public async Task<IReadOnlyList<GatewayKey>> ListAsync(CancellationToken cancellationToken = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await db.GatewayKeys.AsNoTracking().OrderBy(key => key.CreatedAt).ToListAsync(cancellationToken);
    }

    /// <summary>Takes a key back, on every server within a notification. False when no such key was good.</summary>
    public async Task<bool> RevokeAsync(string id, string actor, CancellationToken cancellationToken = default)
    {
        var now = DatabaseTime.Of(clock);
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var revoked = await db.GatewayKeys.Where(key => key.Id == id && key.RevokedAt == null).ExecuteUpdateAsync(
            key => key.SetProperty(k => k.RevokedAt, now).SetProperty(k => k.RevokedBy, actor), cancellationToken);
        if (revoked > 0)
        {
            await trail.AppendAsync(db, new AuditNote(AuditActions.KeyRevoked, null, actor, $"key {id}", "revoked"), cancellationToken);
            await db.SaveAndTellAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        return revoked > 0;
    }

    /// <summary>The key that this text is; null when it is none, or no longer one.</summary>
    public GatewayKeyProfile? Find(string secret)
    {
        var known = secret.StartsWith(Prefix, StringComparison.Ordinal) && secret.Length > Prefix.Length + IdLength
            ? snapshots.Current.Keys.GetValueOrDefault(secret.Substring(Prefix.Length, IdLength)) : null;

        // Hashes have one length, so that comparing takes the same time however much is right.
        return known is not null && CryptographicOperations.FixedTimeEquals(HashOf(secret), known.Hash)
            && (known.ExpiresAt is null || clock.GetUtcNow() < known.ExpiresAt) ? known : null;
    }

    private static byte[] HashOf(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));
}

/// <summary>What it takes to make a key.</summary>
/// <param name="Name">Whose it will be.</param>
/// <param name="Jurisdictions">At least one.</param>
/// <param name="PerMinute">Calls a minute.</param>
/// <param name="AtOnce">Calls at the same time.</param>
/// <param name="For">How long it is good; null without end.</param>
/// <param name="Actor">Who makes it.</param>
public sealed record GatewayKeyRequest(string Name, IReadOnlyList<string> Jurisdictions, int PerMinute, int AtOnce, TimeSpan? For, string Actor);
