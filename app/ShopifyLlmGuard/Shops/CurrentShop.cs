namespace ShopifyLlmGuard.Shops;

/// <summary>The proven caller of a request. Only code that has checked a proof of identity fills it.</summary>
public sealed class CurrentShop
{
    private string? domain;

    /// <summary>The shop's domain. Throws when nobody has proven one: that is a bug in the caller.</summary>
    public string Domain => domain ?? throw new InvalidOperationException("No shop has been proven for this request.");

    /// <summary>The staff member behind an ID token; null for storefront and webhook calls.</summary>
    public string? UserId { get; private set; }

    public bool IsProven => domain is not null;

    /// <summary>Sets the caller, once.</summary>
    public void Prove(string shop, string? userId = null)
    {
        if (domain is not null && domain != shop)
        {
            throw new InvalidOperationException("Another shop has already been proven for this request.");
        }

        (domain, UserId) = (shop, userId);
    }
}
