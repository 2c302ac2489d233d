namespace ShopifyLlmGuard.Inference.Engine.Admission;

/// <summary>
/// Whose the context's cells are. Whoever is in the house has room for prompt and longest answer, either set aside or promised by turn:
/// then nobody who comes behind gets any before. A waiting request counts in full, because a kept prefix may be gone when its turn
/// comes; an answer that runs counts as the context does, what it shares with another once. Kept prefixes count as free: they go for
/// whoever needs the room. Belongs to the line and its lock.
/// </summary>
/// <param name="total">Cells of the context.</param>
internal sealed class CellBook(int total)
{
    private int _held;
    private int _reserved;

    public int Total => total;

    /// <summary>Cells that no answer holds and nobody has reserved.</summary>
    public int Free => total - _held - _reserved;

    /// <summary>What running answers hold, as the model's thread counts it.</summary>
    public void Holds(int cells) => _held = cells;

    /// <summary>Sets cells aside for as many as fit, in order of turn; who does not fit is not overtaken.</summary>
    /// <param name="waiting">In order of turn.</param>
    public void Grant(List<Generation> waiting)
    {
        foreach (var each in waiting)
        {
            if (!each.HasCells && each.Cells > Free)
            {
                return;
            }

            _reserved += each.HasCells ? 0 : each.Cells;
            each.HasCells = true;
        }
    }

    /// <summary>It runs now; until the model's thread tells what it shares it holds all that it had reserved.</summary>
    public void Begin(Generation generation)
    {
        _reserved -= generation.Cells;
        _held += generation.Cells;
        generation.Held = generation.Cells;
    }

    /// <summary>It left without having begun.</summary>
    public void GiveBack(Generation generation)
    {
        _reserved -= generation.HasCells ? generation.Cells : 0;
        generation.HasCells = false;
    }
}
