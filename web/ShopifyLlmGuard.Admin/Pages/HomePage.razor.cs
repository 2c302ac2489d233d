using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;
using ShopifyLlmGuard.Admin.Layout;
using ShopifyLlmGuard.Admin.Parts;
using ShopifyLlmGuard.Admin.Reading;
using ShopifyLlmGuard.Admin.Words;
using ShopifyLlmGuard.Flags;
using ShopifyLlmGuard.Health;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Admin.Pages;

/// <summary>What every feature serves and why, and the merchant's switches and pins.</summary>
public sealed partial class HomePage
{
    private const string Incomplete = "The form was not complete. Please try again.";

    private IReadOnlyList<ServingState> states = [];
    private IReadOnlyList<EndpointHealth> endpoints = [];
    private History? history;
    private FormMistake? mistake;
    private string? trouble;

    [CascadingParameter] private HttpContext? Http { get; set; }

    [SupplyParameterFromQuery] private string? Done { get; set; }

    [SupplyParameterFromForm] private SwitchForm? Switch { get; set; }

    [SupplyParameterFromForm] private PinForm? Pin { get; set; }

    [SupplyParameterFromForm] private ReleaseForm? Release { get; set; }

    // Staff members' numbers come from the proven ID token, so a form cannot name another author.
    private string Actor => Shop.UserId ?? "unknown";

    private bool IsDemoModel => Llm.Value.Endpoints.Any(endpoint => endpoint.Model.Contains("demo", StringComparison.OrdinalIgnoreCase));

    private string? Status => trouble is null && mistake is null ? DoneWords.Of(Done, states) : null;

    private string Fingerprint => string.Join('|', states
        .Select(state => $"{state.Feature.Key} {state.FlagOn} {state.Mode} {state.Reason} {state.Pin?.Id} {state.Detail}")
        .Concat(endpoints.Select(endpoint => $"{endpoint.Endpoint} {endpoint.State} {endpoint.Finding}"))
        .Append($"{(history is { Changes: [var newest, ..] } ? newest.At : null):O}")
        .Concat((history?.Signals ?? []).Take(1).Select(signal => $"{signal.At:O}")));

    protected override Task OnInitializedAsync() => ReadAsync();

    private async Task ReadAsync()
    {
        (states, endpoints) = (Serving.Read(Shop.Domain), Health.Read());
        if (!Snapshots.DatabaseAnswers)
        {
            return;
        }

        try
        {
            history = await History.ReadAsync(Databases, Shop.Domain, Shop.UserId);
            states = [.. states.Select(history.Dated)];
        }
        catch (Exception exception) when (DatabaseTrouble.Is(exception))
        {
            history = null;
        }
    }

    private Task SwitchAsync() => ActAsync("switched", FormMistake.Switch, Switch?.Feature, Switch?.Reason, (feature, reason) =>
        Flags.SetAsync(Shop.Domain, feature, Switch!.On, Actor, reason));

    private Task PinAsync()
    {
        if (!Enum.TryParse<Mode>(Pin?.Mode, out var mode) || !Enum.IsDefined(mode) ||
            !HoldWords.TryRead(Pin.For, Pin.Zone, Clock.GetUtcNow(), out var length))
        {
            trouble = Incomplete;
            return Task.CompletedTask;
        }

        return ActAsync("held", FormMistake.Pin, Pin.Feature, Pin.Reason, (feature, reason) => Pins.PinAsync(
            new PinRequest(Shop.Domain, feature, mode, PinHolder.Human, Actor, reason, length)));
    }

    // Only a pin of this very shop: an operator's pin may hold for others too.
    private Task ReleaseAsync()
    {
        var held = Serving.Read(Shop.Domain).Select(state => state.Pin).OfType<Pin>()
            .Any(pin => pin.Id == Release?.Pin && pin.Shop == Shop.Domain);
        return ActAsync("released", FormMistake.Release, Release?.Feature, null, (_, reason) =>
            held ? Pins.ReleaseAsync(Release!.Pin, Actor, reason) : Task.CompletedTask);
    }

    private async Task ActAsync(string verb, string form, string? feature, string? reason, Func<string, string, Task> act)
    {
        if (feature is null || Features.Find(feature) is null)
        {
            trouble = Incomplete;
            return;
        }

        if (FormMistake.Find(feature, form, reason, isRequired: form == FormMistake.Pin) is { } found)
        {
            mistake = found;
            return;
        }

        try
        {
            await act(feature, reason?.Trim() ?? "");
        }
        catch (Exception exception) when (DatabaseTrouble.Is(exception))
        {
            trouble = DatabaseTrouble.Sentence;
            return;
        }

        AdminLink.Redirect(Http, AdminLink.To(Navigation, "/", $"{feature}-{verb}"));
    }
}
