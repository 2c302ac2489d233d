using System.Text.RegularExpressions;
using ShopifyLlmGuard.Fallbacks;

namespace ShopifyLlmGuard.Chat;

/// <summary>
/// Words that want help now, not a product. Matched before any model is asked, and also when none can be. English only so far;
/// the phrases are the project's own and have not been reviewed by a clinician.
/// </summary>
internal static partial class EmergencyPhrases
{
    private const string Help =
        "This sounds like an emergency. Please call 112 now (911 in the US, 999 in the UK). " +
        "If someone is unconscious or not breathing, call first and follow the instructions on the phone.";

    private const string Poison =
        "This sounds like a poisoning or an overdose. Please call 112 now (911 in the US, 999 in the UK), or your poison centre. " +
        "Keep the packaging at hand, and do not make anyone vomit unless you are told to.";

    private const string Crisis =
        "You are not alone, and help is there right now. Please call 112 (911 in the US, 999 in the UK), or a crisis line: " +
        "116 123 in many European countries, 988 in the US. If you can, stay with someone you trust.";

    private static readonly ReplyLink Call112 = new("Call 112", "tel:112");

    /// <summary>The reply to an emergency; null when the text is none.</summary>
    public static ChatReply? ReplyTo(string text, FallbackContent content)
    {
        var words = Spaces().Replace(text.Replace('\u2019', '\'').ToLowerInvariant(), " ");
        var contact = new ReplyLink(content.Contact.Label, content.Contact.Url);
        if (SelfHarm().IsMatch(words))
        {
            return new ChatReply(Crisis, [], [Call112, new("Call the crisis line 116 123", "tel:116123"), contact]);
        }

        return Overdose().IsMatch(words) ? new ChatReply(Poison, [], [Call112, contact])
            : Acute().IsMatch(words) ? new ChatReply(Help, [], [Call112, contact])
            : null;
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();

    [GeneratedRegex(@"\b(?:(?:kill|hurt|harm|cut)(?:ing)? myself|end(?:ing)? my (?:own )?life|take my (?:own )?life|suicid\w*|(?:want|going) to die|(?:don'?t|do not) want to (?:live|be alive)|self[- ]?harm\w*|better off dead|no reason to live)\b", RegexOptions.None, 1000)]
    private static partial Regex SelfHarm();

    [GeneratedRegex(@"\b(?:overdos\w*|(?:has|have|had|was|been|got|is|am|i'm|he's|she's|my \w+ (?:is|was)) poisoned|(?:swallow|drank|drunk|drink|ate|eaten)\w* (?:\w+ ){0,3}(?:bleach|detergent|disinfectant|antifreeze|poison|batter(?:y|ies)|drain cleaner|cleaning (?:fluid|product)s?|whole (?:bottle|box|pack(?:et)?))|(?:took|taken|swallowed|ate) (?:\w+ ){0,2}(?:too many|the whole (?:bottle|box|pack(?:et)?)(?: of)?|all (?:of )?(?:my|his|her|the)) ?(?:\w+ )?(?:pills?|tablets?|capsules?|medicines?|medications?|painkillers?|paracetamol|ibuprofen)|poisoning (?:symptoms )?(?:now|help))\b", RegexOptions.None, 1000)]
    private static partial Regex Overdose();

    [GeneratedRegex(@"\b(?:heart attack|cardiac arrest|(?:severe|crushing|sudden|bad|strong|terrible) (?:\w+ )?(?:chest|heart) pains?|(?:have|has|having|got|feel|feeling) (?:a |an |some |\w+ )?(?:chest pains?|pain in (?:my|his|her|the) chest)|chest (?:is |feels? )?(?:tight|pain (?:and|right now|now))|(?:can'?t|cannot|can not|unable to|struggl\w+ to|not able to|hardly|barely) breathe?|(?:is|are|'s|was|stopped|not) not breathing|not breathing|stopped breathing|(?:gasping|fighting) for (?:air|breath)|(?:is|am|are|i'm|he's|she's) choking|turning blue|having a stroke|face (?:is )?droop\w*|(?:suddenly )?(?:can'?t|cannot) (?:move|feel|lift) (?:my|his|her|one) (?:\w+ )?(?:arm|leg|side|face)|slurr\w+ (?:speech|words)|(?:bleeding|bleeds?) (?:heavily|badly|a lot|won'?t stop|will not stop|does not stop|doesn'?t stop|profusely|uncontrollabl\w+)|(?:won'?t|will not|can'?t|cannot|doesn'?t|does not) stop (?:the )?bleeding|(?:heavy|severe|uncontrolled) bleeding (?:now|from|that)|losing (?:a lot of|so much|too much) blood|coughing up blood|vomiting blood|anaphyla(?:xis|ctic shock) (?:now|help|right)|(?:throat|tongue|lips|face) (?:is|are) (?:swelling|swollen|closing)|(?:is|was|'s|went|fell|found \w+) unconscious|(?:passed|passing) out and|won'?t wake up|will not wake up|can'?t wake (?:him|her|them|my)|unresponsive|(?:is|are|'s) having (?:a )?(?:seizures?|fits?|convulsions?)|collapsed)\b", RegexOptions.None, 1000)]
    private static partial Regex Acute();
}
