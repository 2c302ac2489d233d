namespace ShopifyLlmGuard.Llm.Routing;

/// <summary>
/// Extra attempts may be at most a share of calls, so that they cannot double the load on hosts that already fail. What is not
/// used is saved up to <paramref name="most"/>: a shop with two chats a minute must be allowed its first ones, too.
/// </summary>
internal sealed class CallShare(double share, double most)
{
    private readonly Lock gate = new();
    private double saved = share > 0 ? most : 0;

    public void Called()
    {
        lock (gate)
        {
            saved = Math.Min(most, saved + share);
        }
    }

    public bool TryTake()
    {
        lock (gate)
        {
            // All calls may have one: nothing to count.
            if (share >= 1)
            {
                return true;
            }

            if (saved < 1)
            {
                return false;
            }

            saved--;
            return true;
        }
    }
}
