using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;
using ShopifyLlmGuard.Admin.Layout;
using ShopifyLlmGuard.Serving;
using ShopifyLlmGuard.Serving.Bypassing;
using ShopifyLlmGuard.Shops;

namespace ShopifyLlmGuard.Admin.Parts;

/// <summary>The merchant's own bypass. Staff decide for their shop and no other: the shop and the author come from the proven ID token.</summary>
public sealed partial class BypassSection(Bypass bypass, CurrentShop shop, NavigationManager navigation, TimeProvider clock)
{
    private const string Form = "bypass";

    private FormMistake? mistake;
    private string? trouble;

    [CascadingParameter] private HttpContext? Http { get; set; }

    [SupplyParameterFromQuery] private string? Done { get; set; }

    [SupplyParameterFromForm(Name = "Bypass")] private BypassForm? Posted { get; set; }

    private bool IsOn => bypass.Standing(shop.Domain) is { On: true };

    private string? Status => mistake is not null || trouble is not null ? null : (Done, IsOn) switch
    {
        ("bypass-on", true) => "Your whole shop now shows prepared content.",
        ("bypass-off", false) => "The guard decides again.",
        _ => null,
    };

    private void Decide()
    {
        mistake = FormMistake.Find("", Form, Posted?.Reason, isRequired: true);
        if (Posted is null || mistake is not null)
        {
            return;
        }

        var decision = BypassDecision.Make(Posted.On, shop.Domain, BypassWay.Admin, shop.UserId ?? "unknown", Posted.Reason!.Trim(), clock, bypass.Standing(shop.Domain));
        if (!bypass.Take(decision))
        {
            trouble = "A newer decision stands. Please look again.";
            return;
        }

        AdminLink.Redirect(Http, AdminLink.To(navigation, "/", Posted.On ? "bypass-on" : "bypass-off"));
    }

    /// <summary>The decision, as posted.</summary>
    internal sealed class BypassForm
    {
        public bool On { get; set; }
        public string? Reason { get; set; }
    }
}
