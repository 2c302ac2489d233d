using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http.Features;
using ShopifyLlmGuard.Server.Jobs;
using ShopifyLlmGuard.Server.Shopify;
using ShopifyLlmGuard.Server.Trust;
using ShopifyLlmGuard.Shops;

namespace ShopifyLlmGuard.Server.Staff;

/// <summary>
/// A merchant's first visit installs the app. A trouble of ours, or of Shopify's, never keeps staff from their page: the
/// installation then waits for the next visit.
/// </summary>
internal sealed partial class FirstVisit(RequestDelegate next, ILogger<FirstVisit> logger)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Whether somebody of a shop's staff asks.</summary>
    public static bool MayBe(HttpContext context) => context.Features.Get<ProvenIdToken>() is not null;

    public async Task InvokeAsync(HttpContext context, CurrentShop shop, Installation installation, Scheduler scheduler, TimeProvider clock)
    {
        var token = context.Features.GetRequiredFeature<ProvenIdToken>();
        switch (await EnsureAsync(installation, shop.Domain, token.Text, clock, context.RequestAborted))
        {
            case InstallationOutcome.TokenIsStale:
                await context.ChallengeAsync(Proof.IdToken);
                return;
            case InstallationOutcome.Refused:
                context.Response.StatusCode = StatusCodes.Status500InternalServerError;
                await context.Response.WriteAsync("Shopify refuses this app's credentials for the shop. Please reinstall the app, or tell its operator.");
                return;
            case InstallationOutcome.Installed:
                scheduler.Hurry(rounds => rounds.CatalogAsync(CancellationToken.None));
                break;
        }

        await next(context);
    }

    private async Task<InstallationOutcome> EnsureAsync(
        Installation installation, string shop, string idToken, TimeProvider clock, CancellationToken aborted)
    {
        using var limit = new CancellationTokenSource(Patience, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, aborted);
        try
        {
            return await installation.EnsureAsync(shop, idToken, either.Token);
        }
        catch (Exception exception) when (!aborted.IsCancellationRequested)
        {
            Log.Postponed(logger, shop, exception);
            return InstallationOutcome.Postponed;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "{Shop}: the installation could not be checked; it waits for the next visit.")]
        public static partial void Postponed(ILogger logger, string shop, Exception exception);
    }
}
