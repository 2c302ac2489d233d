namespace ShopifyLlmGuard.Incidents.Formats;

/// <summary>Leaves the reading of a delivery from wherever something is missing. Its message is a code; the reader makes a value of it.</summary>
internal sealed class UnreadableException : Exception
{
    public UnreadableException(string code) : base(code)
    {
    }

    public UnreadableException(string code, Exception inner) : base(code, inner)
    {
    }

    public UnreadableException()
    {
    }
}
