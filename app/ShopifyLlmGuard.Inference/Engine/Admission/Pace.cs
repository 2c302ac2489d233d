namespace ShopifyLlmGuard.Inference.Engine.Admission;

/// <summary>How fast the model works, as measured lately. Written by the model's thread, read by any.</summary>
internal sealed class Pace
{
    // What was measured counts half after so much more: a few seconds of work, so that a change of load shows.
    private const double HalfLifeSeconds = 2;
    private const double HalfLifeAnswers = 8;
    private const int LeastTokens = 16;

    private double _tokens;
    private double _seconds;
    private double _prefillSpeed;
    private double _computeTokens;
    private double _computeSeconds;
    private double _computeSpeed;
    private double _answers;
    private double _answersSeconds;
    private double _answerSeconds;

    /// <summary>Prompt tokens per second, those of kept prefixes included; 0 before the first.</summary>
    public double PrefillSpeed => Volatile.Read(ref _prefillSpeed);

    /// <summary>Prompt tokens per second that were really computed; 0 before the first.</summary>
    public double ComputeSpeed => Volatile.Read(ref _computeSpeed);

    /// <summary>How long an answer keeps its slot; 0 before the first.</summary>
    public double AnswerSeconds => Volatile.Read(ref _answerSeconds);

    /// <param name="tokens">Prompt tokens of one micro-batch.</param>
    /// <param name="seconds">How long it took, with whatever else was in it.</param>
    public void Prefilled(int tokens, double seconds)
    {
        Decay(ref _tokens, ref _seconds, tokens, seconds);
        Volatile.Write(ref _prefillSpeed, Ratio(_tokens, _seconds));
        // A few tokens cost as much as one: they tell nothing about the speed of many.
        if (tokens >= LeastTokens)
        {
            Decay(ref _computeTokens, ref _computeSeconds, tokens, seconds);
            Volatile.Write(ref _computeSpeed, Ratio(_computeTokens, _computeSeconds));
        }
    }

    /// <param name="tokens">Prompt tokens that a kept prefix gave.</param>
    public void Spared(int tokens) => _tokens += tokens;

    public void Ended(double seconds)
    {
        var keep = Math.Pow(0.5, 1 / HalfLifeAnswers);
        _answers = _answers * keep + 1;
        _answersSeconds = _answersSeconds * keep + seconds;
        Volatile.Write(ref _answerSeconds, _answersSeconds / _answers);
    }

    private static void Decay(ref double tokens, ref double all, int more, double seconds)
    {
        var keep = Math.Pow(0.5, seconds / HalfLifeSeconds);
        (tokens, all) = (tokens * keep + more, all * keep + seconds);
    }

    private static double Ratio(double tokens, double seconds) => seconds > 0 ? tokens / seconds : 0;
}
