using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Compliance;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Shops;

namespace ShopifyLlmGuard.Llm.Endpoints;

/// <summary>Where an operator describes endpoints while the servers run.</summary>
public sealed class EndpointDesk
{
    private readonly IDbContextFactory<GuardDb> databases;
    private readonly Snapshots snapshots;
    private readonly TokenVault vault;
    private readonly LlmOptions llm;
    private readonly AuditTrail trail;
    private readonly TimeProvider clock;

    public EndpointDesk(
        IDbContextFactory<GuardDb> databases, Snapshots snapshots, TokenVault vault, AuditTrail trail, IOptions<LlmOptions> llm, TimeProvider clock) =>
        (this.databases, this.snapshots, this.vault, this.trail, this.llm, this.clock) = (databases, snapshots, vault, trail, llm.Value, clock);

    /// <summary>Saves a description for all servers; it replaces the configuration's endpoint of the same id.</summary>
    /// <param name="endpoint">The whole description, with its key.</param>
    /// <param name="author">Who says so.</param>
    /// <param name="reason">Why.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>All mistakes; empty when it was saved.</returns>
    public async Task<IReadOnlyList<string>> SaveAsync(
        LlmEndpoint endpoint, string author, string reason, CancellationToken cancellationToken = default)
    {
        var mistakes = EndpointRules.Mistakes([endpoint], llm.RequireAttestation, _ => "").ToList();
        if (mistakes.Count == 0)
        {
            var key = string.IsNullOrEmpty(endpoint.ApiKey) ? null : vault.Seal(KeyOwner(endpoint.Id), endpoint.ApiKey);
            await AddAsync(endpoint.Id, endpoint, key, author, reason, cancellationToken);
        }

        return mistakes;
    }

    /// <summary>Takes an endpoint out of the table; the configuration's endpoint of the same id counts again, if there is one.</summary>
    public Task RemoveAsync(string endpoint, string author, string reason, CancellationToken cancellationToken = default) =>
        AddAsync(endpoint, null, null, author, reason, cancellationToken);

    internal static string KeyOwner(string endpoint) => $"endpoint {endpoint}";

    private async Task AddAsync(
        string id, LlmEndpoint? settings, byte[]? key, string author, string reason, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        db.EndpointVersions.Add(new EndpointVersion
        {
            Endpoint = id, Settings = settings, SealedKey = key, Author = author, Reason = reason, SavedAt = DatabaseTime.Of(clock),
        });
        await trail.AppendAsync(db, new AuditNote(
            settings is null ? AuditActions.EndpointRemoved : AuditActions.EndpointSaved, null, author, $"endpoint {id}",
            settings is null ? "removed" : $"{settings.Region}, {settings.Jurisdiction}, {settings.Model}", reason), cancellationToken);
        await db.SaveAndTellAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        await snapshots.RefreshAsync(cancellationToken);
    }
}
