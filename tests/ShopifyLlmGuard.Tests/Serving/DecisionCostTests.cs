using ShopifyLlmGuard.Flags;
using ShopifyLlmGuard.Serving;
using ShopifyLlmGuard.Shops;
using ShopifyLlmGuard.Tests.Llm;

namespace ShopifyLlmGuard.Tests.Serving;

public sealed class DecisionCostTests
{
    private const int Calls = 50_000;

    [Fact]
    public async Task A_decision_allocates_nothing()
    {
        await using var llm = await ScriptedLlm.StartAsync();
        await using var guard = await LlmGuard.StartAsync(llm);
        var board = guard.Get<ServingBoard>();
        await guard.Get<ShopRegistry>().InstallAsync(new ShopInstallation("other.myshopify.com", "Other", "EUR", "gid://shopify/AppInstallation/2"), null);
        await guard.Get<PinBoard>().PinAsync(new("other.myshopify.com", Features.Chat, Mode.Off, PinHolder.Human, "Ada", "not this shop"));
        Decide(board);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Decide(board);

        // Looking for the bypass file once a second may allocate a little; one byte a call would be 50,000.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 10_000);
        Assert.Equal(Decision.Live, board.Decide(Guard.Shop, Features.Chat));
    }

    private static void Decide(ServingBoard board)
    {
        for (var call = 0; call < Calls; call++)
        {
            board.Decide(Guard.Shop, Features.Chat);
        }
    }
}
