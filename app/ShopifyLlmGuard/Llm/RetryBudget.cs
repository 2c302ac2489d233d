namespace ShopifyLlmGuard.Llm;

/// <summary>Retries may be at most a share of calls, so that they cannot double the load on a host that is already failing.</summary>
internal sealed class RetryBudget(double share)
{
    // A shop with two chats a minute must be allowed its first retries, too.
    private const double Most = 5;
    private readonly Lock gate = new();
    private double saved = Most;

    public void Called()
    {
        lock (gate)
        {
            saved = Math.Min(Most, saved + share);
        }
    }

    public bool TryTake()
    {
        lock (gate)
        {
            if (saved < 1)
            {
                return false;
            }

            saved--;
            return true;
        }
    }
}
