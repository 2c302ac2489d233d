namespace ShopifyLlmGuard.Inference.Engine.Scheduling;

/// <summary>
/// Counts the cells of a context as llama.cpp does: a copied prefix shares its cells with the original, and a cell is
/// free when the last sequence that holds it is gone. A tree, in which a branch owns the cells that it does not share.
/// </summary>
internal sealed class CellLedger(int total)
{
    /// <summary>Cells that somebody holds or may still fill.</summary>
    public int Reserved { get; private set; }

    /// <summary>Those of them that answers hold which are not over yet.</summary>
    public int InUse { get; private set; }

    public int Free => total - Reserved;

    /// <summary>What would be free if all sequences were released whose answers are over; what answers share with them would not.</summary>
    public int Freeable => total - InUse;

    public int Total => total;

    /// <summary>Reserves the cells of a new sequence that shares the first positions of another.</summary>
    /// <param name="length">Positions of the whole sequence.</param>
    /// <param name="from">The sequence that it was copied from; null when it begins by itself.</param>
    /// <param name="shared">How many positions they share.</param>
    public Branch Reserve(int length, Branch? from = null, int shared = 0)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length - shared, Free);
        var parent = from is null || shared == 0 ? null : CutAt(from, shared);
        if (parent is not null)
        {
            parent.Holders++;
        }

        Reserved += length - shared;
        var branch = new Branch(parent, shared, length);
        Use(branch, 1);
        return branch;
    }

    /// <summary>A sequence's answer is over.</summary>
    public void Retire(Branch branch) => Use(branch, -1);

    /// <summary>Gives back the cells behind a retired sequence's real end.</summary>
    public void Trim(Branch branch, int length)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, branch.Start);
        Reserved -= branch.End - length;
        branch.End = length;
    }

    /// <summary>Forgets a retired sequence; cells that others share stay reserved.</summary>
    public void Release(Branch branch)
    {
        for (var each = branch; each is not null && --each.Holders == 0; each = each.Parent)
        {
            Reserved -= each.Length;
        }
    }

    private void Use(Branch branch, int more)
    {
        for (var each = branch; each is not null; each = each.Parent)
        {
            var wasInUse = each.Users > 0;
            each.Users += more;
            InUse += ((each.Users > 0 ? 1 : 0) - (wasInUse ? 1 : 0)) * each.Length;
        }
    }

    // The branch that ends exactly there; split where none does.
    private static Branch CutAt(Branch branch, int position)
    {
        while (position <= branch.Start)
        {
            branch = branch.Parent!;
        }

        if (position == branch.End)
        {
            return branch;
        }

        var upper = new Branch(branch.Parent, branch.Start, position) { Users = branch.Users };
        (branch.Parent, branch.Start) = (upper, position);
        return upper;
    }

    /// <summary>The cells of positions <see cref="Start"/> (inclusive) to <see cref="End"/> (exclusive) of some sequences.</summary>
    internal sealed class Branch(Branch? parent, int start, int end)
    {
        public Branch? Parent { get; set; } = parent;

        public int Start { get; set; } = start;

        public int End { get; set; } = end;

        /// <summary>The sequence that ends here, and the branches behind.</summary>
        public int Holders { get; set; } = 1;

        /// <summary>Answers that are not over yet, here and behind.</summary>
        public int Users { get; set; }

        public int Length => End - Start;

        /// <summary>Cells from the beginning to here that no answer uses which is not over yet.</summary>
        public int Unused
        {
            get
            {
                var unused = 0;
                for (var each = this; each is not null; each = each.Parent)
                {
                    unused += each.Users == 0 ? each.Length : 0;
                }

                return unused;
            }
        }

        /// <summary>Cells that one running answer alone uses.</summary>
        public int Alone
        {
            get
            {
                var alone = 0;
                for (var each = this; each is { Users: 1 }; each = each.Parent)
                {
                    alone += each.Length;
                }

                return alone;
            }
        }

        /// <summary>Cells that a release frees.</summary>
        public int Own
        {
            get
            {
                var own = 0;
                for (var each = this; each is { Holders: 1 }; each = each.Parent)
                {
                    own += each.Length;
                }

                return own;
            }
        }
    }
}
