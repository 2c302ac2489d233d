using Microsoft.EntityFrameworkCore;
using Polly;
using Polly.Retry;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Shops;

namespace ShopifyLlmGuard.Server.Shopify;

/// <summary>
/// Runs operations in a shop with its stored token: renews it in time, waits when Shopify throttles, and forgets a token that
/// Shopify refuses. Every operation of ours may be repeated without harm.
/// </summary>
internal sealed partial class ShopAdmin(
    IShopifyAdmin admin, ShopRegistry shops, IDbContextFactory<GuardDb> databases, TimeProvider clock, ILogger<ShopAdmin> logger)
{
    private static readonly TimeSpan RenewBefore = TimeSpan.FromMinutes(5), LongestWait = TimeSpan.FromSeconds(15);

    private readonly ResiliencePipeline<AdminReply> patience = Patience(clock);

    /// <summary>Runs an operation. A caller that is not patient hears at once that it was throttled, or that there was no answer.</summary>
    public async Task<AdminReply> RunAsync(
        string shop, AdminDocument document, object? variables, CancellationToken cancellationToken, bool isPatient = true)
    {
        var (tokens, trouble) = await TokenAsync(shop, cancellationToken);
        if (tokens is null)
        {
            return trouble;
        }

        var reply = isPatient
            ? await patience.ExecuteAsync(async token => await admin.RunAsync(shop, tokens.AccessToken, document, variables, token), cancellationToken)
            : await admin.RunAsync(shop, tokens.AccessToken, document, variables, cancellationToken);
        switch (reply)
        {
            case AdminReply.Unauthorized:
                // First forget, then say so: whoever retries must not meet the dead token again.
                await ForgetAsync(shop, tokens, cancellationToken);
                break;
            case AdminReply.Refused refused:
                Log.Refused(logger, shop, document.Name, refused.Code);
                break;
        }

        return reply;
    }

    /// <summary>Renews every token that is stored, so that a shop whose merchant never opens the app keeps its access.</summary>
    public async Task KeepAliveAsync(string shop, CancellationToken cancellationToken) => await RenewAsync(shop, TimeSpan.FromDays(1), cancellationToken);

    private async Task<(ShopTokens? Tokens, AdminReply Trouble)> TokenAsync(string shop, CancellationToken cancellationToken)
    {
        var tokens = await shops.TokensAsync(shop, cancellationToken);
        return tokens is null || tokens.AccessExpiresAt > clock.GetUtcNow() + RenewBefore
            ? (tokens, new AdminReply.Unauthorized())
            : await RenewAsync(shop, RenewBefore, cancellationToken);
    }

    // One server at a time: every new token kills the refresh token of the others. If the answer got lost, the stored (now
    // previous) refresh token may be used once more, which is exactly what the next attempt does.
    private async Task<(ShopTokens? Tokens, AdminReply Trouble)> RenewAsync(string shop, TimeSpan before, CancellationToken cancellationToken)
    {
        AdminReply trouble = new AdminReply.Unauthorized();
        var renewed = await shops.RenewAsync(shop, async (stored, token) =>
        {
            if (stored is null || stored.AccessExpiresAt > clock.GetUtcNow() + before || stored.RefreshExpiresAt <= clock.GetUtcNow())
            {
                return null;
            }

            var reply = await admin.RefreshAsync(shop, stored.RefreshToken, token);
            if (reply is not TokenReply.Granted granted)
            {
                Log.NotRenewed(logger, shop, reply.GetType().Name);

                // Silence is no refusal: the shop may well have the app.
                trouble = reply is TokenReply.Unavailable or TokenReply.Throttled ? new AdminReply.Unavailable("no new token") : trouble;
                return null;
            }

            return granted.At(clock.GetUtcNow());
        }, cancellationToken);
        return (renewed is not null && renewed.AccessExpiresAt > clock.GetUtcNow() ? renewed : null, trouble);
    }

    private async Task ForgetAsync(string shop, ShopTokens tokens, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await db.ShopTokens.Where(row => row.Shop == shop && row.AccessExpiresAt == tokens.AccessExpiresAt).ExecuteDeleteAsync(cancellationToken);
        Log.Forgot(logger, shop);
    }

    private static ResiliencePipeline<AdminReply> Patience(TimeProvider clock) =>
        new ResiliencePipelineBuilder<AdminReply> { TimeProvider = clock }.AddRetry(new RetryStrategyOptions<AdminReply>
        {
            MaxRetryAttempts = 3,
            ShouldHandle = attempt => ValueTask.FromResult(
                attempt.Outcome.Result is AdminReply.Unavailable || (attempt.Outcome.Result is AdminReply.Throttled { After: var wait } && wait <= LongestWait)),
            DelayGenerator = attempt => ValueTask.FromResult<TimeSpan?>(
                attempt.Outcome.Result is AdminReply.Throttled throttled ? throttled.After : TimeSpan.FromSeconds(Math.Pow(2, attempt.AttemptNumber) / 2)),
        }).Build();

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "{Shop}: Shopify refused {Document} ({Code}).")]
        public static partial void Refused(ILogger logger, string shop, string document, string code);

        [LoggerMessage(Level = LogLevel.Warning, Message = "{Shop}: the token could not be renewed ({Why}).")]
        public static partial void NotRenewed(ILogger logger, string shop, string why);

        [LoggerMessage(Level = LogLevel.Warning, Message = "{Shop}: Shopify no longer accepts the token; the next visit of the merchant brings a new one.")]
        public static partial void Forgot(ILogger logger, string shop);
    }
}
