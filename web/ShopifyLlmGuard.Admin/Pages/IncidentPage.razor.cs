using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;
using ShopifyLlmGuard.Admin.Layout;
using ShopifyLlmGuard.Admin.Reading;
using ShopifyLlmGuard.Admin.Words;
using ShopifyLlmGuard.Incidents;

namespace ShopifyLlmGuard.Admin.Pages;

/// <summary>One incident as the merchant's shop met it, and the merchant's own steps.</summary>
public sealed partial class IncidentPage
{
    private IncidentFile? file;
    private bool isAway;
    private string? trouble;

    [Parameter] public long Id { get; set; }

    [CascadingParameter] private HttpContext? Http { get; set; }

    [SupplyParameterFromQuery] private string? Done { get; set; }

    [SupplyParameterFromForm] private AssessForm? Assess { get; set; }

    [SupplyParameterFromForm] private StepForm? Step { get; set; }

    // Staff members' numbers come from the proven ID token, so a form cannot name another author.
    private IncidentParty Party => new(Id, Shop.Domain, Shop.UserId ?? "unknown");

    private bool IsClosed => file?.Steps.Any(step => step.Kind == IncidentStep.Closed) == true;

    private string? Status => trouble is not null || file is null ? null : Done switch
    {
        "opened" => "The incident is open.",
        IncidentStep.Aware => "Recorded. The clocks that start with awareness run.",
        IncidentStep.Assessed => "The assessment is recorded.",
        IncidentStep.Decided => "The decision is recorded.",
        IncidentStep.Submitted => "The report is recorded as handed in.",
        IncidentStep.Closed => "The file is closed.",
        _ => null,
    };

    private string Fingerprint => file is null ? "" :
        $"{file.Steps.Count} {file.Impacts.Count} {file.EndedAt:O} {file.Timeline.Count} {string.Join(' ', file.Clocks(Options.Value).Select(clock => clock.State))}";

    protected override async Task OnInitializedAsync()
    {
        try
        {
            isAway = !Snapshots.DatabaseAnswers;
            file = isAway ? null : await Reader.ReadAsync(Id, Shop.Domain);
        }
        catch (Exception exception) when (DatabaseTrouble.Is(exception))
        {
            isAway = true;
        }

        if (file is null && !isAway && Http is not null)
        {
            Http.Response.StatusCode = StatusCodes.Status404NotFound;
        }
    }

    private Task AwareAsync() => ActAtAsync(IncidentStep.Aware, at => Desk.BeAwareAsync(Party, at, Step?.Reason));

    private Task SubmitAsync() => ActAtAsync(IncidentStep.Submitted, at => Desk.SubmitAsync(Party, Step?.Stage ?? "", at, Step?.Reference));

    private Task AssessAsync() => ActAsync(IncidentStep.Assessed, () => Assess?.ToAssessment() is { } assessment
        ? Desk.AssessAsync(Party, assessment) : Task.FromResult<string?>("A number is not a number. Leave it empty while it is not known."));

    private Task DecideAsync() => ActAsync(IncidentStep.Decided, () => Step?.Is is "yes" or "no"
        ? Desk.DecideAsync(Party, Step.Topic ?? "", Step.Is == "yes", Step.Reason ?? "") : Task.FromResult<string?>("The form was not complete. Please try again."));

    private Task CloseAsync() => ActAsync(IncidentStep.Closed, () => Desk.CloseAsync(Party, Step?.Reason ?? ""));

    private Task ActAtAsync(string done, Func<DateTimeOffset?, Task<string?>> act) => ActAsync(done, () =>
        MomentWords.TryRead(Step?.At, Step?.Zone, out var at) ? act(at) : Task.FromResult<string?>(MomentWords.Mistake));

    private async Task ActAsync(string done, Func<Task<string?>> act)
    {
        try
        {
            trouble = await act();
        }
        catch (Exception exception) when (DatabaseTrouble.Is(exception))
        {
            trouble = DatabaseTrouble.Sentence;
        }

        if (trouble is null)
        {
            AdminLink.Redirect(Http, AdminLink.To(Navigation, $"/incidents/{Id}", done));
        }
    }
}
