using System.Threading.Channels;
using ShopifyLlmGuard.Llm.Residency;

namespace ShopifyLlmGuard.Llm.Routing;

/// <summary>One call on its way: who may still be asked, whose draft is shown, and what the listener has heard of it.</summary>
internal sealed class Route(ModelCall call, Deadline deadline, CommitPoint commit, ChannelWriter<AnswerPart>? listener, CancellationToken left)
{
    private readonly Lock gate = new();
    private readonly List<Draft> drafts = [];
    private List<EligibleEndpoint> waiting = [];
    private Draft? shown;

    public ModelCall Call => call;
    public Deadline Deadline => deadline;
    public CommitPoint Commit => commit;

    /// <summary>The caller has left.</summary>
    public CancellationToken Left => left;

    /// <summary>For the evidence: who could have been asked, and why the others could not.</summary>
    public required string Basis { get; init; }

    /// <summary>When a second endpoint is asked beside a silent first one; infinite when none may be.</summary>
    public TimeSpan HedgeAfter { get; set; } = Timeout.InfiniteTimeSpan;

    /// <summary>A second endpoint is asked beside the first, or may yet be.</summary>
    public bool MayBeHedged => IsHedged || HedgeAfter != Timeout.InfiniteTimeSpan;

    /// <summary>How long the retry waits before it begins.</summary>
    public TimeSpan Backoff { get; set; }

    /// <summary>Who was asked last, but for a hedge.</summary>
    public EligibleEndpoint? First { get; private set; }

    public bool FirstHasEnded { get; set; }
    public bool IsHedged { get; private set; }
    public bool IsRetried { get; private set; }

    /// <summary>Words have reached the listener: nothing may be tried again.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>Whose draft is shown; null as long as that is open.</summary>
    public LlmEndpoint? Winner => shown?.Author?.Endpoint;

    /// <summary>Who may still be asked, in order.</summary>
    public IReadOnlyList<EligibleEndpoint> Waiting => waiting;

    public void Plan(IEnumerable<EligibleEndpoint> order) => waiting = [.. order];

    /// <summary>The next one's turn has come; null when all had theirs.</summary>
    public EligibleEndpoint? TakeNext()
    {
        lock (gate)
        {
            First = waiting.FirstOrDefault();
            waiting = [.. waiting.Skip(1)];
            return First;
        }
    }

    /// <summary>This one is asked beside the first, unless its turn came meanwhile.</summary>
    public bool TryHedge(EligibleEndpoint here)
    {
        lock (gate)
        {
            IsHedged = waiting.Contains(here);
            waiting = [.. waiting.Where(other => other != here)];
            return IsHedged;
        }
    }

    /// <summary>A second try after a failure that nobody heard of: elsewhere, or at the same endpoint.</summary>
    public void TryAgain(bool atTheSame)
    {
        lock (gate)
        {
            (IsRetried, HedgeAfter, shown) = (true, Timeout.InfiniteTimeSpan, null);
            // A region may be cut off as a whole, so those of another one come first.
            waiting = atTheSame && First is not null ? [First]
                : [.. waiting.Where(here => !here.Lane.Traffic.IsLeftAlone).OrderBy(here => string.Equals(here.Endpoint.Region, First?.Endpoint.Region, StringComparison.OrdinalIgnoreCase))];
        }
    }

    public Draft NewDraft(EligibleEndpoint here)
    {
        var draft = new Draft(this) { Author = here };
        lock (gate)
        {
            drafts.Add(draft);
            // A hedge may be sent at the very moment at which the first wins.
            if (shown is not null)
            {
                draft.Lose();
            }
        }

        return draft;
    }

    /// <summary>Whether this draft is the one that is shown: the first one to ask is, and every other one has lost.</summary>
    public bool TryWin(Draft draft)
    {
        // Who loses is told under the lock: one that asks in vain must know why.
        lock (gate)
        {
            if (shown is not null)
            {
                return shown == draft;
            }

            shown = draft;
            drafts.Where(other => other != draft).ToList().ForEach(other => other.Lose());
            return true;
        }
    }

    /// <summary>Words of the shown draft.</summary>
    public void Show(string words)
    {
        if (listener is null || words.Length == 0 || Winner is not { } endpoint)
        {
            return;
        }

        if (!HasBegun)
        {
            HasBegun = true;
            listener.TryWrite(new AnswerPart.Began(endpoint.Id, endpoint.Region, endpoint.Jurisdiction, endpoint.Model));
        }

        listener.TryWrite(new AnswerPart.Text(words));
    }
}
