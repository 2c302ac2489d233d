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
    private readonly TimeProvider clock;
    private ImmutableList<BypassDecision> pending = [];
    private ImmutableList<BypassDecision> refused = [];
    private ImmutableDictionary<Guid, BypassDecision> known = ImmutableDictionary<Guid, BypassDecision>.Empty;
    private ImmutableArray<BypassDecision> inDatabase = [];
    private volatile State state = new(false, null, ImmutableDictionary<string, BypassDecision>.Empty, []);

    public Bypass(IOptions<GuardOptions> options, Snapshots snapshots, TimeProvider clock)
    {
        this.clock = clock;
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

    /// <summary>Decisions that the database may not have, and shall get.</summary>
    public IReadOnlyList<BypassDecision> Pending => pending;

    /// <summary>Decisions that the database will never take. They count here, and wherever they were told to directly.</summary>
    public IReadOnlyList<BypassDecision> Refused => refused;

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

    /// <summary>The decision with this id, as far as this server knows; one id is one decision.</summary>
    public BypassDecision? Find(Guid id) => known.GetValueOrDefault(id);

    /// <summary>Takes a decision: it counts at once, then it is kept on disk, and the database gets it as soon as it can.</summary>
    /// <param name="decision">The decision.</param>
    /// <param name="fromPeer">Another server passed it on, and tells the others by itself.</param>
    /// <returns>False when a newer one stands, and it is kept for the record; or when its id is another decision's, and it is not.</returns>
    public bool Take(BypassDecision decision, bool fromPeer = false)
    {
        bool isNew;
        lock (gate)
        {
            isNew = !known.ContainsKey(decision.Id);
            if (isNew)
            {
                (known, pending) = (known.Add(decision.Id, decision), pending.Add(decision));
                Put([decision], state.Newest);
            }
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

        return Standing(decision.Shop) is { } stands && stands.IsSameAs(decision);
    }

    /// <summary>Makes the place where decisions lie, for the first start without a database.</summary>
    internal bool Prepare() => folder.Prepare();

    /// <summary>Looks at the disk. Whoever runs this often decides how soon a file counts.</summary>
    internal void Look()
    {
        foreach (var decision in folder.News(known.ContainsKey))
        {
            Take(decision.NotAhead(clock));
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

    /// <summary>The database has it, and the snapshot on disk what stands of it.</summary>
    /// <param name="decision">What was to be stored.</param>
    /// <param name="row">What the database has under its id: what it says is what counts on every server.</param>
    internal void Stored(BypassDecision decision, BypassDecision row)
    {
        lock (gate)
        {
            (pending, known) = (pending.Remove(decision), known.SetItem(row.Id, row));
            Adopt(row);
        }

        folder.Drop(decision);
        if (row != decision)
        {
            Changed?.Invoke();
        }
    }

    /// <summary>The database will never take it; the others need not wait for that.</summary>
    internal void Refuse(BypassDecision decision)
    {
        lock (gate)
        {
            (pending, refused) = (pending.Remove(decision), refused.Add(decision));
        }

        Changed?.Invoke();
    }

    private void Follow(Snapshot snapshot)
    {
        bool changed;
        lock (gate)
        {
            // A time that cannot be true is mended once: mended at each reading, it would outdate what was decided since.
            inDatabase = [.. snapshot.Bypasses.Select(row => known.TryGetValue(row.Id, out var seen) && row.NotAhead(clock) != row ? seen : row.NotAhead(clock))];
            known = known.SetItems(inDatabase.Select(row => KeyValuePair.Create(row.Id, row)));
            var redacted = state.Newest.Values.Where(newest => newest.Shop is not null
                && !pending.Contains(newest) && !refused.Contains(newest) && !inDatabase.Any(row => row.Shop == newest.Shop)).Select(newest => newest.Shop!).ToList();
            known = redacted.Count == 0 ? known : known.RemoveRange(known.Values.Where(one => redacted.Contains(one.Shop!)).Select(one => one.Id));
            changed = Put(inDatabase, state.Newest.RemoveRange(redacted));
            foreach (var row in inDatabase)
            {
                changed |= Adopt(row);
            }
        }

        if (changed)
        {
            Changed?.Invoke();
        }
    }

    // What the database says of a decision counts everywhere, also where something else was heard of it first.
    private bool Adopt(BypassDecision row)
    {
        var others = state.Newest.Values.Where(newest => newest.Id == row.Id && newest != row).Select(newest => newest.Shop ?? "").ToList();
        return others.Count > 0 && Put(
            [row, .. inDatabase, .. pending.Where(waiting => waiting.Id != row.Id), .. refused], state.Newest.RemoveRange(others));
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
