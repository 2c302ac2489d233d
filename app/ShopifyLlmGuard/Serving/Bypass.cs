using System.Collections.Frozen;
using System.Collections.Immutable;
using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Serving.Bypassing;

namespace ShopifyLlmGuard.Serving;

/// <summary>
/// The switch that works when nothing else does. On are the environment variable and the file, for this server; and the newest
/// decision of an operator, for all shops, or of merchant staff, for theirs. Decisions arrive from the database, by signed
/// message and from the disk; which way was quickest does not matter, and the database may be away.
/// </summary>
public sealed class Bypass
{
    private readonly Lock gate = new();
    private readonly BypassFolder folder;
    private readonly BypassHold? fromStart;
    private ImmutableList<BypassDecision> pending = [];
    private ImmutableHashSet<Guid> stored = [];
    private volatile State state = new(false, null, ImmutableDictionary<string, BypassDecision>.Empty, []);

    public Bypass(IOptions<GuardOptions> options, Snapshots snapshots, TimeProvider clock)
    {
        folder = new BypassFolder(options.Value.DataDirectory);
        fromStart = Environment.GetEnvironmentVariable("GUARD_BYPASS") == "1"
            ? new BypassHold(BypassWay.Environment, "the operator", "GUARD_BYPASS=1 was set when the server started.", clock.GetUtcNow())
            : null;
        state = new State(fromStart is not null, null, state.Newest, []);
        Follow(snapshots.Current);
        Look();
        snapshots.Changed += Follow;
    }

    /// <summary>Whether this server serves only prepared content, for every shop. Costs one read of memory.</summary>
    public bool IsOn => state.IsOn;

    /// <summary>Raised when something has come on or gone off. Handlers must be quick and must not throw.</summary>
    public event Action? Changed;

    /// <summary>Raised for a decision that was made at this server, and that others may not know.</summary>
    public event Action<BypassDecision>? Decided;

    /// <summary>Decisions that the database may not have.</summary>
    public IReadOnlyList<BypassDecision> Pending => pending;

    /// <summary>Whether the staff of this shop have taken the model away from it.</summary>
    public bool IsOnFor(string shop) => state.Shops.Contains(shop);

    /// <summary>How many shops' staff have.</summary>
    public int ShopCount => state.Shops.Count;

    /// <summary>Why it is on, for every shop or also for this one; empty when it is not.</summary>
    public IReadOnlyList<BypassHold> Holds(string? shop = null)
    {
        var now = state;
        return
        [
            .. new[] { fromStart, now.ByHand }.OfType<BypassHold>(),
            .. new[] { Standing(null), shop is null ? null : Standing(shop) }.OfType<BypassDecision>().Where(decision => decision.On)
                .Select(decision => new BypassHold(decision.Way, decision.Author, decision.Reason, decision.At)),
        ];
    }

    /// <summary>The decision that stands for all shops (null) or for one; null when nobody ever decided.</summary>
    public BypassDecision? Standing(string? shop = null) => state.Newest.GetValueOrDefault(shop ?? "");

    /// <summary>Takes a decision: it counts at once, then it is kept on disk, and the database gets it as soon as it can.</summary>
    /// <param name="decision">The decision.</param>
    /// <param name="fromPeer">Another server passed it on, and tells the others by itself.</param>
    /// <returns>False when a newer one stands; it is kept for the record, and changes nothing.</returns>
    public bool Take(BypassDecision decision, bool fromPeer = false)
    {
        bool isNew;
        lock (gate)
        {
            isNew = Standing(decision.Shop)?.Id != decision.Id && pending.TrueForAll(known => known.Id != decision.Id);
            pending = isNew ? pending.Add(decision) : pending;
            Put([decision], state.Newest);
        }

        if (isNew)
        {
            folder.Keep(decision);
            Changed?.Invoke();
            if (!fromPeer)
            {
                Decided?.Invoke(decision);
            }
        }

        return Standing(decision.Shop)?.Id == decision.Id;
    }

    /// <summary>Makes the place where decisions lie, for the first start without a database.</summary>
    internal bool Prepare() => folder.Prepare();

    /// <summary>Looks at the disk. Whoever runs this often decides how soon a file counts.</summary>
    internal void Look()
    {
        foreach (var decision in folder.News(id => stored.Contains(id) || pending.Exists(known => known.Id == id) || state.Newest.Values.Any(known => known.Id == id)))
        {
            Take(decision);
        }

        var before = state.ByHand;
        if (folder.ByHand(before) is var now && now != before)
        {
            lock (gate)
            {
                state = new State(fromStart is not null || now is not null, now, state.Newest, state.Shops);
            }

            Changed?.Invoke();
        }
    }

    /// <summary>The database has these, and the snapshot on disk what stands of them.</summary>
    internal void Stored(IReadOnlyCollection<BypassDecision> decisions)
    {
        lock (gate)
        {
            pending = pending.RemoveAll(decisions.Contains);

            // A file that cannot be deleted must not come in again and again.
            stored = stored.Union(decisions.Select(decision => decision.Id));
        }

        foreach (var decision in decisions)
        {
            folder.Drop(decision);
        }
    }

    private void Follow(Snapshot snapshot)
    {
        bool changed;
        lock (gate)
        {
            var redacted = state.Newest.Values.Where(known => known.Shop is not null
                && !pending.Contains(known) && !snapshot.Bypasses.Any(stored => stored.Shop == known.Shop));
            changed = Put(snapshot.Bypasses, state.Newest.RemoveRange(redacted.Select(known => known.Shop!)));
        }

        if (changed)
        {
            Changed?.Invoke();
        }
    }

    private bool Put(IEnumerable<BypassDecision> decisions, ImmutableDictionary<string, BypassDecision> newest)
    {
        foreach (var decision in decisions.Where(decision => decision.IsNewerThan(newest.GetValueOrDefault(decision.Shop ?? ""))))
        {
            newest = newest.SetItem(decision.Shop ?? "", decision);
        }

        if (ReferenceEquals(newest, state.Newest))
        {
            return false;
        }

        state = new State(fromStart is not null || state.ByHand is not null, state.ByHand, newest, [.. newest.Values
            .Where(decision => decision is { On: true, Shop: not null }).Select(decision => decision.Shop!)]);
        return true;
    }

    private sealed class State(bool here, BypassHold? byHand, ImmutableDictionary<string, BypassDecision> newest, IEnumerable<string> shops)
    {
        public readonly bool IsOn = here || newest.GetValueOrDefault("") is { On: true };
        public readonly BypassHold? ByHand = byHand;
        public readonly ImmutableDictionary<string, BypassDecision> Newest = newest;
        public readonly FrozenSet<string> Shops = shops.ToFrozenSet(StringComparer.Ordinal);
    }
}
