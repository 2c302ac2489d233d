using Microsoft.EntityFrameworkCore;
using ShopifyLlmGuard.Data;

namespace ShopifyLlmGuard.Tests.Data;

/// <summary>Very many shops, written in one statement.</summary>
internal static class ManyShops
{
    public static string Name(int number) => $"shop-{number:00000}.myshopify.com";

    public static async Task InstallAsync(GuardDb db, int count)
    {
        await db.Database.ExecuteSqlAsync(
            $"""
             INSERT INTO guard.shops (domain, name, currency, jurisdictions, app_installation_id, installed_at)
             SELECT 'shop-' || to_char(number, 'FM00000') || '.myshopify.com', 'Shop ' || number, 'EUR', ARRAY['EU'],
               'gid://shopify/AppInstallation/' || number, now()
             FROM generate_series(1, {count}) AS number
             """);
        await db.Database.ExecuteSqlAsync($"SELECT pg_notify({GuardDb.Channel}, 'shops')");
    }
}
