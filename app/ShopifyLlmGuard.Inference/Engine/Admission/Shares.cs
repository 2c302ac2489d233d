namespace ShopifyLlmGuard.Inference.Engine.Admission;

/// <summary>How many of something each priority holds.</summary>
internal readonly record struct Counts(int Chat, int Recommendations, int Batch)
{
    public int Total => Chat + Recommendations + Batch;

    public int this[Priority priority] => priority switch
    {
        Priority.Chat => Chat,
        Priority.Recommendations => Recommendations,
        _ => Batch,
    };

    public Counts Plus(Priority priority, int more) => priority switch
    {
        Priority.Chat => this with { Chat = Chat + more },
        Priority.Recommendations => this with { Recommendations = Recommendations + more },
        _ => this with { Batch = Batch + more },
    };
}

/// <summary>
/// Divides a capacity among the priorities: each has a part that no other may take, and a most; what is left over
/// belongs to whoever comes first.
/// </summary>
internal readonly record struct Shares(int Capacity, Counts Guaranteed, Counts Most)
{
    /// <summary>Requests that are in the house, waiting ones included. A small house keeps nothing free.</summary>
    public static Shares OfPlaces(int capacity) => new(
        capacity,
        capacity < 8 ? default : new Counts(capacity / 4, capacity / 8, Math.Max(1, capacity / 16)),
        new Counts(capacity, capacity, Math.Max(1, capacity / 2)));

    /// <summary>Answers that are computed at the same time. Only chat finds a free one always: the others' turn comes by age.</summary>
    public static Shares OfSlots(int capacity) => new(
        capacity,
        capacity < 2 ? default : new Counts(Math.Max(1, capacity / 4), 0, 0),
        new Counts(capacity, capacity, Math.Max(1, capacity / 2)));

    /// <summary>True when one more of a priority may come in.</summary>
    public bool Allow(Counts used, Priority priority)
    {
        if (used[priority] >= Most[priority] || used.Total >= Capacity)
        {
            return false;
        }

        return used[priority] < Guaranteed[priority]
            || Beyond(used, Priority.Chat) + Beyond(used, Priority.Recommendations) + Beyond(used, Priority.Batch)
                < Capacity - Guaranteed.Total;
    }

    private int Beyond(Counts used, Priority priority) => Math.Max(0, used[priority] - Guaranteed[priority]);
}
