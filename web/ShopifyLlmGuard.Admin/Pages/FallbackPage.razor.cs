using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;
using ShopifyLlmGuard.Admin.Layout;
using ShopifyLlmGuard.Admin.Parts;
using ShopifyLlmGuard.Admin.Reading;
using ShopifyLlmGuard.Fallbacks;

namespace ShopifyLlmGuard.Admin.Pages;

/// <summary>Edits what shoppers see when the model does not answer.</summary>
public sealed partial class FallbackPage
{
    private const int VersionsShown = 5;

    private IReadOnlyList<FallbackVersion>? versions;
    private FieldMistakes mistakes = new([]);
    private string? trouble;
    private string? rearranged;
    private bool isUnsaved;

    [CascadingParameter] private HttpContext? Http { get; set; }

    [SupplyParameterFromQuery] private string? Done { get; set; }

    [SupplyParameterFromForm] private FallbackForm? Form { get; set; }

    [SupplyParameterFromForm] private RestoreForm? Restore { get; set; }

    private string Actor => Shop.UserId ?? "unknown";

    private FallbackForm Shown => isUnsaved && Form is not null ? Form : FallbackForm.Of(Fallbacks.Read(Shop.Domain));

    private string? Status => trouble is not null ? null : rearranged ?? Done switch
    {
        "saved" when !isUnsaved => "Saved. The shop shows it within a few seconds.",
        "restored" when !isUnsaved => "The earlier version is back. The shop shows it within a few seconds.",
        _ => null,
    };

    protected override async Task OnInitializedAsync()
    {
        try
        {
            versions = Snapshots.DatabaseAnswers ? await Fallbacks.VersionsAsync(Shop.Domain, VersionsShown) : null;
        }
        catch (Exception exception) when (DatabaseTrouble.Is(exception))
        {
            versions = null;
        }
    }

    private async Task PostAsync()
    {
        if (Form is null)
        {
            return;
        }

        isUnsaved = true;
        if (Form.Action == FallbackForm.Preview)
        {
            rearranged = "The preview shows your changes. They are not saved yet.";
        }
        else if (Form.Action is null or "" or FallbackForm.Save)
        {
            await SaveAsync(Form);
        }
        else if (Form.Rearrange() is { } done)
        {
            rearranged = $"{done} This is not saved yet.";
        }
    }

    private async Task SaveAsync(FallbackForm form)
    {
        form.DropEmptyEntries();
        try
        {
            mistakes = new FieldMistakes(await Fallbacks.SaveAsync(Shop.Domain, form.ToContent(), Actor));
        }
        catch (Exception exception) when (DatabaseTrouble.Is(exception))
        {
            trouble = $"{DatabaseTrouble.Sentence} What you have written is still in the form.";
            return;
        }

        if (mistakes.Count > 0)
        {
            trouble = mistakes.Count == 1 ? "One field needs your attention." : $"{mistakes.Count} fields need your attention.";
            return;
        }

        AdminLink.Redirect(Http, AdminLink.To(Navigation, "/fallback", "saved"));
    }

    private async Task RestoreAsync()
    {
        try
        {
            if (Restore is null || !await Fallbacks.RestoreAsync(Shop.Domain, Restore.Version, Actor))
            {
                trouble = "This version is no longer there.";
                return;
            }
        }
        catch (Exception exception) when (DatabaseTrouble.Is(exception))
        {
            trouble = DatabaseTrouble.Sentence;
            return;
        }

        AdminLink.Redirect(Http, AdminLink.To(Navigation, "/fallback", "restored"));
    }

    /// <summary>The version to go back to, as posted.</summary>
    internal sealed class RestoreForm
    {
        public long Version { get; set; }
    }
}
