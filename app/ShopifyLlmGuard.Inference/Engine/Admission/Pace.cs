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
    private double _tokensSaid;
    private double _tokensSeconds;
    private double _tokenSeconds;
    private double _answers;
    private double _answersSeconds;
    private double _answerSeconds;

    /// <summary>Prompt tokens per second that are really computed; what kept prefixes give is not among them. 0 before the first.</summary>
    public double PrefillSpeed => Volatile.Read(ref _prefillSpeed);

    /// <summary>How long an answer waits for its next token, whatever else is in the micro-batch; 0 before the first.</summary>
    public double TokenSeconds => Volatile.Read(ref _tokenSeconds);

    /// <summary>How long an answer keeps its slot; 0 before the first.</summary>
    public double AnswerSeconds => Volatile.Read(ref _answerSeconds);

    /// <param name="tokens">Prompt tokens of one micro-batch.</param>
    /// <param name="seconds">How long it took, with whatever else was in it.</param>
    public void Prefilled(int tokens, double seconds)
    {
        // A few tokens cost as much as one: they tell nothing about the speed of many.
        if (tokens >= LeastTokens)
        {
            var keep = Math.Pow(0.5, seconds / HalfLifeSeconds);
            (_tokens, _seconds) = (_tokens * keep + tokens, _seconds * keep + seconds);
            Volatile.Write(ref _prefillSpeed, _seconds > 0 ? _tokens / _seconds : 0);
        }
    }

    /// <param name="seconds">How long a micro-batch took in which answers went on by a token each.</param>
    public void WentOn(double seconds)
    {
        var keep = Math.Pow(0.5, seconds / HalfLifeSeconds);
        (_tokensSaid, _tokensSeconds) = (_tokensSaid * keep + 1, _tokensSeconds * keep + seconds);
        Volatile.Write(ref _tokenSeconds, _tokensSeconds / _tokensSaid);
    }

    public void Ended(double seconds)
    {
        var keep = Math.Pow(0.5, 1 / HalfLifeAnswers);
        _answers = _answers * keep + 1;
        _answersSeconds = _answersSeconds * keep + seconds;
        Volatile.Write(ref _answerSeconds, _answersSeconds / _answers);
    }
}
