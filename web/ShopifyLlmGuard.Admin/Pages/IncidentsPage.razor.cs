using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;
using ShopifyLlmGuard.Admin.Layout;
using ShopifyLlmGuard.Admin.Reading;
using ShopifyLlmGuard.Admin.Words;
using ShopifyLlmGuard.Incidents;

namespace ShopifyLlmGuard.Admin.Pages;

/// <summary>The incidents that touched the merchant's shop.</summary>
public sealed partial class IncidentsPage
{
    private const string EveryFeature = "all";

    private IReadOnlyList<IncidentLine>? lines;
    private string? trouble;

    [CascadingParameter] private HttpContext? Http { get; set; }

    [SupplyParameterFromForm] private OpenForm? Open { get; set; }

    private string Fingerprint => string.Join('|', (lines ?? []).Select(line => $"{line.Id} {line.EndedAt:O} {line.ClosedAt:O} {line.Next?.State}"));

    protected override async Task OnInitializedAsync()
    {
        try
        {
            lines = Snapshots.DatabaseAnswers ? await Reader.ListAsync(Shop.Domain) : null;
        }
        catch (Exception exception) when (DatabaseTrouble.Is(exception))
        {
            lines = null;
        }
    }

    private async Task OpenAsync()
    {
        if (!MomentWords.TryRead(Open?.At, Open?.Zone, out var at))
        {
            trouble = MomentWords.Mistake;
            return;
        }

        try
        {
            var (id, mistake) = await Desk.OpenAsync(
                [Shop.Domain], Open?.Feature is null or "" or EveryFeature ? [] : [Open.Feature], Open?.Title ?? "", at, Shop.UserId ?? "unknown");
            trouble = mistake;
            if (id is not null)
            {
                AdminLink.Redirect(Http, AdminLink.To(Navigation, $"/incidents/{id}", "opened"));
            }
        }
        catch (Exception exception) when (DatabaseTrouble.Is(exception))
        {
            trouble = DatabaseTrouble.Sentence;
        }
    }
}
