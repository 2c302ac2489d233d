using System.Collections.Frozen;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Admin.Words;

/// <summary>Reasons in a merchant's words: what happened, and what to do about it.</summary>
internal static class ReasonWords
{
    private const string Nothing = "There is nothing you need to do.";
    private const string ComesBack = "It goes back to Live by itself as soon as the checks succeed again.";

    private static readonly FrozenDictionary<string, (string Why, string Todo)> Sentences = new Dictionary<string, (string, string)>
    {
        [Reasons.Bypass] = ("Everything is switched to prepared content.", "The banner on top says by whom, and who can switch it back."),
        [Reasons.FlagOff] = ("Switched off.", "Switch it on below when shoppers should see it again."),
        [Reasons.Pinned] = ("The mode is held by a person, an incident or a drill.", "Release it below when the guard should decide again."),
        [Reasons.NoEligibleEndpoint] = ("No usable model is answering.", ComesBack),
        [Reasons.Degraded] = ("The model answers too slowly or fails too often.", ComesBack),
        [Reasons.Timeout] = ("The model did not answer in time.", Nothing),
        [Reasons.EndpointUnreachable] = ("The model could not be reached.", Nothing),
        [Reasons.EndpointError] = ("The model answered with an error.", Nothing),
        [Reasons.EndpointBusy] = ("The model was too busy.", Nothing),
        [Reasons.RequestRefused] = ("The model did not accept the request.", Nothing),
        [Reasons.Outrun] = ("Another model answered sooner.", Nothing),
        [Reasons.BreakerOpen] = ("The model failed several times in a row and is being left alone for a moment.", Nothing),
        [Reasons.BulkheadFull] = ("Too many shoppers asked at the same time.", Nothing),
        [Reasons.IncompleteAnswer] = ("The model's answer broke off.", Nothing),
        [Reasons.EmptyAnswer] = ("The model's answer was empty.", Nothing),
        [Reasons.UnusableAnswer] = ("The model's answer did not pass the checks.", Nothing),
        [Reasons.CatalogUnavailable] = ("The product catalogue could not be read.", Nothing),
        [Reasons.NoCandidates] = ("No fitting product was found.", Nothing),
        [Reasons.Emergency] = ("The question sounded like an emergency and was answered with your prepared content.", Nothing),
        [Reasons.Faq] = ("You have answered this question yourself, so the model was not asked.", Nothing),
        [Reasons.Cancelled] = ("The shopper left before the answer was ready.", Nothing),
        [Reasons.InternalError] = ("The guard made a mistake and used prepared content.", "If it goes on, ask the operator to look at the logs."),
    }.ToFrozenDictionary();

    /// <summary>Whether the sentence for this reason has been written.</summary>
    public static bool Knows(string reason) => Sentences.ContainsKey(reason);

    /// <summary>Why, one sentence. A reason that a newer server wrote is shown as it is.</summary>
    public static string Why(string reason) =>
        Sentences.TryGetValue(reason, out var sentence) ? sentence.Why : $"The guard gives the reason “{reason}”.";

    /// <summary>What the merchant can do, one sentence.</summary>
    public static string Todo(string reason) => Sentences.TryGetValue(reason, out var sentence) ? sentence.Todo : Nothing;

    /// <summary>Whether something is wrong; otherwise a person wanted it so.</summary>
    public static bool IsTrouble(string? reason) => reason is not (null or Reasons.FlagOff or Reasons.Pinned);
}
