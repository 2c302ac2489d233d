using System.Globalization;
using Microsoft.EntityFrameworkCore;
using ShopifyLlmGuard.Data;

namespace ShopifyLlmGuard.Benchmarks.Propagation;

/// <summary>Very many shops: each with both switches set, and with fallback texts of its own beside the ones that it kept.</summary>
internal static class ManyShops
{
    public const int Count = 10_000;

    public static string Name(int number) => string.Create(CultureInfo.InvariantCulture, $"shop-{number}.myshopify.com");

    public static async Task InstallAsync(GuardDb db, int count)
    {
        await db.Database.ExecuteSqlAsync(
            $$"""
             INSERT INTO guard.shops (domain, name, currency, jurisdictions, app_installation_id, installed_at)
             SELECT 'shop-' || number || '.myshopify.com', 'Pharmacy number ' || number, 'EUR', ARRAY['EU'], 'gid://shopify/AppInstallation/' || number, now()
             FROM generate_series(1, {{count}}) AS number;
             """);
        await db.Database.ExecuteSqlAsync(
            $"""
             INSERT INTO guard.flags (shop, feature, "on") SELECT domain, feature, true FROM guard.shops, unnest(ARRAY['chat', 'recommendations']) AS feature;
             """);
        await db.Database.ExecuteSqlAsync(
            $$"""
             INSERT INTO guard.fallback_versions (shop, content, author, saved_at)
             SELECT domain, jsonb_build_object(
               'greeting', 'Welcome to ' || name || '. Our assistant is taking a break; here is what people ask us most.',
               'faq', jsonb_build_array(
                 jsonb_build_object('question', 'How long does delivery take?', 'answer', name || ' sends your order on the same working day. ' || repeat(md5(domain) || ' ', 5)),
                 jsonb_build_object('question', 'Can I return a product?', 'answer', name || ' takes unopened products back within 30 days. ' || repeat(md5(name) || ' ', 5)),
                 jsonb_build_object('question', 'Which payment methods can I use?', 'answer', 'You see all payment methods at checkout, before you place the order.')),
               'contact', jsonb_build_object('label', 'Contact us', 'url', '/pages/contact'),
               'booking', jsonb_build_object('label', 'Book an appointment', 'url', '/pages/booking')), 'benchmark', now()
             FROM guard.shops
             """);
        await db.Database.ExecuteSqlAsync($"ANALYZE");
    }
}
