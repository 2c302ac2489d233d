using System.Diagnostics;
using ShopifyLlmGuard.Llm;
using ShopifyLlmGuard.Tests.Llm;

namespace ShopifyLlmGuard.Tests.Gateway;

public sealed class OverheadTests
{
    private static readonly TimeSpan While = TimeSpan.FromMilliseconds(30);

    [Fact]
    public void Waiting_is_not_the_guards_own_time_and_two_waits_at_once_are_one()
    {
        var began = Stopwatch.GetTimestamp();
        var request = Overhead.Begin();
        using var silent = Overhead.Waiting();
        var waited = Pass();
        using (Overhead.Waiting())
        {
            waited += Pass();
        }

        Overhead.Waited();
        var own = Pass();
        Assert.InRange(request.Own(), own, Stopwatch.GetElapsedTime(began) - waited);
    }

    [Fact]
    public async Task A_silent_endpoint_beside_one_that_answers_was_waited_for()
    {
        var asked = 0;
        using var hosts = new ScriptedHosts(
            [ResidencyTests.Endpoint("a", "EU"), ResidencyTests.Endpoint("b", "EU")],
            _ => Interlocked.Increment(ref asked) == 1 ? HostScript.Hangs : HostScript.Says("Hello."));
        var request = Overhead.Begin();
        var began = Stopwatch.GetTimestamp();
        var attempt = await hosts.AskAsync(ScriptedHosts.Call("EU"), TimeSpan.FromSeconds(20));
        var own = request.Own();
        Assert.Equal((2, "Hello."), (asked, attempt.Text));

        // It was asked beside a silent one, half a first token's limit later.
        Assert.True(own < Stopwatch.GetElapsedTime(began) - (new TimeOptions().FirstToken / 2));
    }

    private static TimeSpan Pass()
    {
        var began = Stopwatch.GetTimestamp();
        SpinWait.SpinUntil(() => Stopwatch.GetElapsedTime(began) >= While);
        return Stopwatch.GetElapsedTime(began);
    }
}
