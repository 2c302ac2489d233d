using System.Diagnostics.Metrics;
using ShopifyLlmGuard.Data;

namespace ShopifyLlmGuard.Protections;

/// <summary>
/// Remembers, for each protection, when it last really acted or was last drilled, and how fast. Telling it costs a look at the
/// clock, so that it may stand on the hot path; a writer brings what is new into the database now and then.
/// </summary>
public sealed class ProtectionProofs(TimeProvider clock)
{
    // A storm of refusals proves no more than one a second.
    private static readonly long Often = TimeSpan.TicksPerSecond;
    private readonly ProtectionProof?[] newest = new ProtectionProof?[Enum.GetValues<Protection>().Length * 2];

    /// <summary>A protection has really acted.</summary>
    /// <param name="protection">Which.</param>
    /// <param name="took">From the cause to the effect.</param>
    public void Acted(Protection protection, TimeSpan took) => Tell(protection, drilled: false, took);

    /// <summary>A protection has acted in a planned drill.</summary>
    public void Drilled(Protection protection, TimeSpan took) => Tell(protection, drilled: true, took);

    /// <summary>The newest proofs, of all servers as far as they are known here.</summary>
    public IReadOnlyList<ProtectionProof> Read() => [.. newest.OfType<ProtectionProof>()];

    /// <summary>Takes what other servers have seen.</summary>
    internal void Know(IEnumerable<ProtectionProof> proofs)
    {
        foreach (var proof in proofs)
        {
            Put(proof);
        }
    }

    internal void ObserveWith(GuardMeter meter)
    {
        meter.Observe("guard.protection.last", "s", "When a protection last acted or was drilled, in Unix time; 0 is never.", () => All(proof => proof?.At.ToUnixTimeSeconds() ?? 0));
        meter.Observe("guard.protection.age", "s", "How long ago that was; -1 is never.", () => All(proof => proof is null ? -1 : (clock.GetUtcNow() - proof.At).TotalSeconds));
    }

    private static int Place(Protection protection, bool drilled) => ((int)protection * 2) + (drilled ? 1 : 0);

    private IEnumerable<Measurement<double>> All(Func<ProtectionProof?, double> value) =>
        from protection in Enum.GetValues<Protection>()
        from drilled in (bool[])[false, true]
        select new Measurement<double>(
            value(newest[Place(protection, drilled)]), new("protection", protection.Key()), new("by", drilled ? "drill" : "action"));

    private void Tell(Protection protection, bool drilled, TimeSpan took)
    {
        var now = clock.GetUtcNow();
        if (newest[Place(protection, drilled)] is not { } last || now.Ticks - last.At.UtcTicks >= Often)
        {
            Put(new ProtectionProof
            {
                Protection = protection, Drilled = drilled, At = DatabaseTime.Of(now)!.Value, Milliseconds = Math.Max(0, took.TotalMilliseconds),
                Server = Environment.MachineName,
            });
        }
    }

    private void Put(ProtectionProof proof)
    {
        ref var place = ref newest[Place(proof.Protection, proof.Drilled)];
        for (var seen = Volatile.Read(ref place); seen is null || seen.At < proof.At;)
        {
            var before = Interlocked.CompareExchange(ref place, proof, seen);
            if (ReferenceEquals(before, seen))
            {
                return;
            }

            seen = before;
        }
    }
}
