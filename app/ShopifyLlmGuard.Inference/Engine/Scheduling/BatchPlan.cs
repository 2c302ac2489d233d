namespace ShopifyLlmGuard.Inference.Engine.Scheduling;

/// <summary>What an answer could use of the next micro-batch.</summary>
/// <param name="Tokens">Prompt tokens that are left, or 1 for the next token of an answer.</param>
/// <param name="IsPrefill">Prompt tokens can wait, in whole or in part.</param>
internal readonly record struct Want(int Tokens, bool IsPrefill);

/// <summary>
/// Composes a micro-batch: every answer's next token first, then prompts in the order of their turns in what room is
/// left. So a prompt of any length lets all others have a token with each micro-batch.
/// </summary>
internal static class BatchPlan
{
    // How long the prompt tokens of a micro-batch may take: with others who wait for their next token, and without.
    private const double BesideOthers = 0.2;
    private const double Alone = 1;
    private const int Unmeasured = 64;
    private const int Least = 16;

    /// <param name="wants">In order of turn; at most as many as <paramref name="size"/>.</param>
    /// <param name="size">The most tokens of a micro-batch.</param>
    /// <param name="prefillRoom">The most prompt tokens of one; at least 1 of a prompt comes in if the size allows it.</param>
    /// <param name="shares">Filled with how many tokens each gets.</param>
    public static void Compose(ReadOnlySpan<Want> wants, int size, int prefillRoom, Span<int> shares)
    {
        var room = size;
        for (var index = 0; index < wants.Length; index++)
        {
            shares[index] = wants[index].IsPrefill ? 0 : 1;
            room -= shares[index];
        }

        room = Math.Min(room, prefillRoom);
        for (var index = 0; index < wants.Length && room > 0; index++)
        {
            if (wants[index].IsPrefill)
            {
                shares[index] = Math.Min(wants[index].Tokens, room);
                room -= shares[index];
            }
        }
    }

    /// <summary>
    /// How many prompt tokens a micro-batch may take: what does not hold the others up for long, because on a slow machine
    /// a full micro-batch takes seconds. Who is alone gets more, yet somebody may come, or the one may leave.
    /// </summary>
    /// <param name="size">The most tokens of a micro-batch.</param>
    /// <param name="hasDecodes">Somebody waits for a next token.</param>
    /// <param name="prefillSpeed">Prompt tokens per second; 0 before it was measured.</param>
    public static int PrefillRoom(int size, bool hasDecodes, double prefillSpeed) => Math.Clamp(
        prefillSpeed > 0 ? (int)Math.Min(size, prefillSpeed * (hasDecodes ? BesideOthers : Alone)) : Unmeasured,
        Math.Min(Least, size),
        size);
}
