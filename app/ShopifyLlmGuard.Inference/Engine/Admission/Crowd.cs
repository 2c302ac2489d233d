namespace ShopifyLlmGuard.Inference.Engine.Admission;

/// <summary>Who is in the house, and whose its cells are. Belongs to the line and its lock.</summary>
internal sealed class Crowd(AdmissionLimits limits)
{
    /// <summary>In order of turn.</summary>
    public List<Generation> Waiting { get; } = [];

    public List<Generation> Running { get; } = new(limits.Parallel);

    public CellBook Cells { get; } = new(limits.Cells);

    /// <summary>Places taken.</summary>
    public Counts Used => CountsOf(Waiting, CountsOf(Running));

    /// <summary>Slots taken.</summary>
    public Counts Slots => CountsOf(Running);

    /// <summary>Where a turn stands in the line.</summary>
    public int PlaceOf(long turn) => Waiting.FindLastIndex(each => each.Turn <= turn) + 1;

    private static Counts CountsOf(List<Generation> generations, Counts counts = default)
    {
        foreach (var each in generations)
        {
            counts = counts.Plus(each.Request.Priority, 1);
        }

        return counts;
    }
}
