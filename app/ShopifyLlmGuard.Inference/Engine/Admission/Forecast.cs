namespace ShopifyLlmGuard.Inference.Engine.Admission;

/// <summary>An answer that holds cells, or will.</summary>
/// <param name="Priority">Which slots it may take.</param>
/// <param name="Cells">What its end gives back at least.</param>
/// <param name="Lasts">Seconds that it takes once it has begun, by what a token takes on average, if it takes every token that it may.</param>
/// <param name="By">In how many seconds its deadline ends it.</param>
internal readonly record struct Claim(Priority Priority, int Cells, double Lasts, double By)
{
    /// <summary>Its cells are set aside already.</summary>
    public bool IsReserved { get; init; }
}

/// <summary>
/// When everybody who waits is expected to have cells, if each answer before takes every token that it may; how long a token takes is a mean. Cells go to the promised in
/// order of turn, slots to whoever has cells.
/// </summary>
internal sealed class Forecast
{
    private readonly PriorityQueue<Claim, double> _running = new();
    private readonly PriorityQueue<int, int>[] _ready = [new(), new(), new()];
    private readonly IReadOnlyList<Claim> _line;
    private readonly Shares _slots;
    private readonly double[] _grants;
    private readonly int _total;
    private int _free;
    private int _readyCells;
    private int _next;
    private double _now;
    private Counts _used;

    private Forecast(IReadOnlyList<Claim> running, IReadOnlyList<Claim> line, int free, int total, Shares slots)
    {
        (_line, _free, _total, _slots) = (line, free, total, slots);
        _grants = new double[line.Count];
        Array.Fill(_grants, double.PositiveInfinity);
        foreach (var each in running)
        {
            Run(each);
        }

        for (var index = 0; index < line.Count; index++)
        {
            if (line[index].IsReserved)
            {
                MakeReady(index);
            }
        }

        LetGoOfRest();
    }

    /// <param name="running">Answers that are being computed.</param>
    /// <param name="line">Who waits, in order of turn.</param>
    /// <param name="free">Cells that nobody holds and nobody has reserved.</param>
    /// <param name="total">All cells.</param>
    /// <param name="slots">How many answers are computed at the same time.</param>
    /// <returns>For each who waits, the seconds until its cells are set aside.</returns>
    public static double[] Grants(IReadOnlyList<Claim> running, IReadOnlyList<Claim> line, int free, int total, Shares slots)
    {
        var forecast = new Forecast(running, line, free, total, slots);
        do
        {
            forecast.Grant();
            forecast.Begin();
        }
        while (forecast.TryEndOne());
        return forecast._grants;
    }

    // Who is next and does not fit is not overtaken.
    private void Grant()
    {
        for (; _next < _line.Count && (_line[_next].IsReserved || _line[_next].Cells <= _free); _next++)
        {
            if (!_line[_next].IsReserved)
            {
                _free -= _line[_next].Cells;
                MakeReady(_next);
            }
        }
    }

    private void Begin()
    {
        while (NextReady() is { } ready)
        {
            var index = ready.Dequeue();
            _readyCells -= _line[index].Cells;
            Run(_line[index]);
        }
    }

    private bool TryEndOne()
    {
        if (!_running.TryDequeue(out var ended, out var at))
        {
            return false;
        }

        _now = Math.Max(_now, at);
        _used = _used.Plus(ended.Priority, -1);
        _free += ended.Cells;
        LetGoOfRest();
        return true;
    }

    // What the last ones shared is free as well when they are all gone.
    private void LetGoOfRest() => _free = _running.Count == 0 ? _total - _readyCells : _free;

    private void Run(Claim claim)
    {
        _used = _used.Plus(claim.Priority, 1);
        _running.Enqueue(claim, Math.Min(_now + claim.Lasts, claim.By));
    }

    private void MakeReady(int index)
    {
        _grants[index] = _now;
        _ready[(int)_line[index].Priority].Enqueue(index, index);
        _readyCells += _line[index].Cells;
    }

    private PriorityQueue<int, int>? NextReady()
    {
        var first = default(PriorityQueue<int, int>);
        for (var priority = 0; priority < _ready.Length; priority++)
        {
            if (_slots.Allow(_used, (Priority)priority) && _ready[priority].Count > 0 && (first is null || _ready[priority].Peek() < first.Peek()))
            {
                first = _ready[priority];
            }
        }

        return first;
    }
}
