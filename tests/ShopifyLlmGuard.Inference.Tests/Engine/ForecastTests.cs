using ShopifyLlmGuard.Inference.Engine.Admission;

namespace ShopifyLlmGuard.Inference.Tests.Engine;

/// <summary>When the promised have their cells at the latest; of 100 cells.</summary>
public sealed class ForecastTests
{
    private const double Never = double.PositiveInfinity;

    [Fact]
    public void The_first_to_end_give_what_is_missing()
    {
        Claim[] running = [Chat(30, lasts: 5), Chat(30, lasts: 2), Chat(30, lasts: 9)];

        Assert.Equal([0, 2, 5, 9], Grants(running, [Chat(10, 1), Chat(30, 20), Chat(25, 20), Chat(40, 20)], free: 10));
    }

    [Fact]
    public void Who_is_next_and_does_not_fit_is_not_overtaken() =>
        Assert.Equal([5, 5], Grants([Chat(60, lasts: 5)], [Chat(50, 1), Chat(10, 1)], free: 40));

    [Fact]
    public void What_is_set_aside_stays_so_until_its_answer_ends() =>
        Assert.Equal([8, 0], Grants([Chat(40, lasts: 5)], [Chat(50, 1), Chat(60, 3) with { IsReserved = true }], free: 0, parallel: 1));

    [Fact]
    public void A_deadline_ends_an_answer_that_may_last_longer() =>
        Assert.Equal([3], Grants([Chat(100, lasts: 60) with { By = 3 }], [Chat(10, 1)], free: 0));

    [Fact]
    public void What_answers_share_is_free_when_the_last_of_them_ends() =>
        Assert.Equal([7], Grants([Chat(10, lasts: 5), Chat(10, lasts: 7)], [Chat(90, 1)], free: 20));

    [Fact]
    public void A_slot_that_is_kept_for_chat_gives_batch_work_no_cells_back_sooner()
    {
        Claim batch = new(Priority.Batch, 40, 2, Never);
        // Four slots: batch work has two of them at most, so that the third one's cells come back later.
        Claim[] line = [batch with { IsReserved = true }, batch with { Cells = 20, IsReserved = true }, batch with { Cells = 10, IsReserved = true }, Chat(100, 1)];

        Assert.Equal([0, 0, 0, 4], Grants([], line, free: 30, parallel: 4));
    }

    private static Claim Chat(int cells, double lasts) => new(Priority.Chat, cells, lasts, Never);

    private static double[] Grants(Claim[] running, Claim[] line, int free, int parallel = 8) =>
        Forecast.Grants(running, line, free, total: 100, Shares.OfSlots(parallel));
}
