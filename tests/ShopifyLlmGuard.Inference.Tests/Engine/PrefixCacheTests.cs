using ShopifyLlmGuard.Inference.Engine;
using ShopifyLlmGuard.Inference.Engine.Scheduling;

namespace ShopifyLlmGuard.Inference.Tests.Engine;

/// <summary>What was computed once for a caller is not computed again for the same caller, and never for another.</summary>
public sealed class PrefixCacheTests
{
    private const int Prompt = 400;
    private static readonly string System = new string('s', Prompt);

    [Fact]
    public void A_shared_beginning_is_computed_once()
    {
        using var house = new House();
        Ask(house, "first?");
        var before = house.Parts.Progress.Tokens;
        var second = house.Ask(System + "other?", 4);
        house.Finish();

        Assert.Equal("other?".Length + 3, house.Parts.Progress.Tokens - before);
        Assert.Equal(House.Alone(System + "other?", 4), second.Tokens.ToArray());
    }

    [Fact]
    public void A_conversation_goes_on_where_it_was()
    {
        using var house = new House();
        var first = house.Ask(System, 8);
        house.Finish();
        int[] turn = [.. first.Tokens, .. house.Model.Tokenize("and then?")];
        var before = house.Parts.Progress.Tokens;
        house.Ask([.. first.Request.Prompt, .. turn], 4);
        house.Finish();

        // All of the answer but its last token was computed already; the longer conversation stands for the shorter.
        Assert.Equal("and then?".Length + 1 + 3, house.Parts.Progress.Tokens - before);
        Assert.Equal(1, house.Scheduler.Slots.Kept);
    }

    [Fact]
    public void Another_callers_beginning_is_computed_anew()
    {
        using var house = new House();
        Ask(house, "first?");
        var before = house.Parts.Progress.Tokens;
        house.Ask(System + "first?", 4, House.Bob);
        house.Finish();

        Assert.Equal(Prompt + "first?".Length + 3, house.Parts.Progress.Tokens - before);
    }

    [Theory]
    [InlineData(true, 6)]
    [InlineData(false, Prompt + 6)]
    public void Only_who_made_a_beginning_is_expected_to_be_spared_it(bool isMaker, int expected)
    {
        using var house = new House();
        Ask(house, "first?");
        var next = house.Ask(System + "other?", 4, isMaker ? House.Alice : House.Bob);

        Assert.Equal(expected, next.PrefillLeft);
        house.Finish();
    }

    [Fact]
    public void What_is_kept_makes_room_for_whoever_needs_it()
    {
        using var house = new House(parallel: 2, cells: 1024);
        Ask(house, "one");
        Ask(house, "two");
        var large = house.Ask("large", 900, House.Bob);
        house.Step();

        Assert.Equal(1, house.Scheduler.Running);
        house.Finish();
        Assert.Equal(900, large.Tokens.Length);
    }

    [Fact]
    public void Nothing_goes_for_a_request_that_would_not_fit_after_all()
    {
        using var house = new House(parallel: 2, cells: 1024);
        Ask(house, "one");
        house.Ask("running", 500, House.Bob);
        house.Step();
        var large = house.Ask("large", 900, House.Bob);
        house.Step();

        Assert.Equal((1, 1), (house.Scheduler.Running, house.Scheduler.Slots.Kept));
        house.Finish();
        Assert.Equal(900, large.Tokens.Length);
    }

    [Fact]
    public void What_a_running_answer_shares_does_not_go_to_free_nothing()
    {
        using var house = new House(parallel: 2, cells: 1024);
        var first = house.Ask(System, 4);
        house.Finish();
        house.Ask([.. first.Request.Prompt, .. first.Tokens, .. house.Model.Tokenize("and then?")], 100);
        house.Step();
        var large = house.Ask("large", 600, House.Bob);
        house.Step();

        Assert.Equal((1, 1), (house.Scheduler.Running, house.Scheduler.Slots.Kept));
        house.Finish();
        Assert.Equal(600, large.Tokens.Length);
    }

    [Fact]
    public void No_more_is_kept_than_may_be()
    {
        using var house = new House(keptCells: 2 * (Prompt + 20));
        for (var index = 0; index < 4; index++)
        {
            house.Ask($"{index}{System}", 4);
            house.Finish();
        }

        Assert.Equal(2, house.Scheduler.Slots.Kept);
    }

    [Fact]
    public void A_prefix_that_leaves_no_room_for_its_own_heir_goes()
    {
        using var house = new House(parallel: 2, cells: 1024);
        var first = house.Ask(System, 500);
        house.Finish();
        Assert.Equal(1, house.Scheduler.Slots.Kept);
        var heir = house.Ask(System[..100], 900);
        house.Finish();

        Assert.Equal(500, first.Tokens.Length);
        Assert.Equal(900, heir.Tokens.Length);
    }

    [Fact]
    public void An_answer_that_was_dropped_is_not_kept()
    {
        using var house = new House();
        var free = house.Scheduler.Slots.FreeCells;
        var dropped = house.Ask(System, 100);
        house.Step(10);
        dropped.TryCancel(FailureReason.Cancelled);
        house.Step();

        Assert.Equal((0, free), (house.Scheduler.Slots.Kept, house.Scheduler.Slots.FreeCells));
    }

    [Theory]
    [InlineData(100, 10, 0, 50, 10, 0)]
    [InlineData(100, 20, 0, 100, 10, 0)]
    [InlineData(100, 10, 0, 100, 10, 1)]
    [InlineData(1, 0, 0, 0, 1000, 0)]
    public void The_first_to_go_is_large_old_and_seldom_used(int cells, int age, int reuses, int otherCells, int otherAge, int otherReuses) =>
        Assert.True(
            PrefixCache.EvictionCost(cells, TimeSpan.FromSeconds(age), reuses)
            > PrefixCache.EvictionCost(otherCells, TimeSpan.FromSeconds(otherAge), otherReuses));

    private static void Ask(House house, string question)
    {
        house.Ask(System + question, 4);
        house.Finish();
    }
}
