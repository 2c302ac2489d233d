using ShopifyLlmGuard.Inference.Engine;
using ShopifyLlmGuard.Inference.Engine.Admission;

namespace ShopifyLlmGuard.Inference.Tests.Engine;

/// <summary>Many answers on one context, counted in micro-batches.</summary>
public sealed class SchedulerTests
{
    private static readonly string Long = new('x', 1000);

    [Fact]
    public void Answers_side_by_side_are_those_that_each_gets_alone()
    {
        string[] prompts = ["Good for travel?", "For my grandmother", Long, "a", "Is it quiet?", "What does it cost?"];
        var alone = prompts.Select(prompt => House.Alone(prompt, 24)).ToArray();
        using var house = new House(parallel: 4);
        var together = prompts.Select(prompt => house.Ask(prompt, 24)).ToArray();
        house.Finish();

        Assert.Equal(alone, together.Select(generation => generation.Tokens.ToArray()));
    }

    [Fact]
    public void One_step_serves_everybody()
    {
        using var house = new House(parallel: 4);
        var asked = Enumerable.Range(0, 4).Select(index => house.Ask($"prompt {index}", 10)).ToArray();
        house.Step(10);

        Assert.All(asked, generation => Assert.Equal(10, generation.Tokens.Length));
        Assert.Equal(10, house.Steps);
    }

    [Fact]
    public void A_long_prompt_holds_nobody_up_for_more_than_a_micro_batch()
    {
        using var house = new House(parallel: 4, batch: 64);
        Generation[] talking = [house.Ask("one", 200), house.Ask("two", 200), house.Ask("three", 200)];
        house.Step();
        var late = house.Ask(Long);
        for (var step = 0; late.Tokens.Length == 0; step++)
        {
            Assert.True(step < 30);
            var before = talking.Select(generation => generation.Tokens.Length).ToArray();
            house.Step();

            Assert.Equal(before.Select(tokens => tokens + 1), talking.Select(generation => generation.Tokens.Length));
        }
    }

    [Fact]
    public void A_slow_machine_takes_smaller_bites_of_a_prompt()
    {
        using var house = new House(parallel: 2, batch: 64);
        house.Parts.Pace.Prefilled(64, seconds: 1);
        house.Ask("one", 200);
        house.Step();
        var late = house.Ask(Long);
        var before = late.PrefillLeft;
        house.Step();

        // A fifth of a second's worth would be 12 tokens, less than is worth a step.
        Assert.Equal(16, before - late.PrefillLeft);
    }

    [Fact]
    public void Chat_goes_before_recommendations_and_those_before_batch()
    {
        using var house = new House(parallel: 1);
        house.Ask("first", 2);
        house.Step();
        var batch = house.Ask("batch", 1, priority: Priority.Batch);
        var recommendations = house.Ask("recommendations", 1, priority: Priority.Recommendations);
        var chat = house.Ask("chat", 1);
        var order = new List<Generation>();
        for (var step = 0; order.Count < 3 && step < 20; step++)
        {
            house.Step();
            Generation[] all = [batch, recommendations, chat];
            order.AddRange(all.Where(each => each.Tokens.Length > 0 && !order.Contains(each)));
        }

        Assert.Equal([chat, recommendations, batch], order);
    }

    [Fact]
    public void Batch_work_ages_until_its_turn_comes()
    {
        using var house = new House(parallel: 1);
        house.Ask("first", 2);
        house.Step();
        var batch = house.Ask("batch", 1, priority: Priority.Batch);
        house.Clock.Advance(TimeSpan.FromSeconds(6));
        var chat = house.Ask("chat", 1);
        house.Step(2);

        Assert.Equal(1, batch.Tokens.Length);
        Assert.Equal(0, chat.Tokens.Length);
    }

    [Fact]
    public void A_slot_stays_free_for_chat()
    {
        using var house = new House(parallel: 4);
        for (var index = 0; index < 6; index++)
        {
            house.Ask("recommend", 50, priority: Priority.Recommendations);
        }

        house.Step();
        Assert.Equal(3, house.Scheduler.Running);
        var chat = house.Ask("chat", 1);
        house.Step();
        Assert.Equal(1, chat.Tokens.Length);
    }

    [Fact]
    public void A_crowd_of_one_caller_does_not_stand_before_anothers_first_request()
    {
        using var house = new House(parallel: 1);
        var crowd = Enumerable.Range(0, 8).Select(index => house.Ask($"crowd {index}", 4)).ToArray();
        house.Step();
        var other = house.Ask("other", 4, House.Bob);
        house.Finish();

        Assert.True(other.Tokens.Length == 4);
        Assert.True(crowd.Count(each => each.Turn < other.Turn) <= 2);
    }

    [Fact]
    public void An_answer_that_nobody_wants_frees_its_cells_with_the_next_micro_batch()
    {
        using var house = new House();
        var free = house.Scheduler.Slots.FreeCells;
        var unwanted = house.Ask(Long, 500);
        var wanted = house.Ask("other", 40);
        house.Step(3);
        var steps = house.Steps;
        unwanted.TryCancel(FailureReason.Cancelled);
        house.Step();

        Assert.Equal(steps + 1, house.Steps);
        Assert.Equal(free - wanted.Request.Prompt.Length - 40, house.Scheduler.Slots.FreeCells);
        house.Finish();
        Assert.Equal(House.Alone("other", 40), wanted.Tokens.ToArray());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(0)]
    public async Task A_deadline_is_looked_at_with_every_step_and_every_turn(int steps)
    {
        using var house = new House(parallel: 1);
        var late = house.Ask(Long, 100, within: TimeSpan.FromSeconds(1));
        house.Step(steps);
        var computed = house.Parts.Progress.Tokens;
        house.Clock.Advance(TimeSpan.FromSeconds(1));
        house.Step();

        Assert.Equal(computed, house.Parts.Progress.Tokens);
        Assert.Equal(0, house.Scheduler.Running + house.Parts.Line.Count);
        var said = await late.ReadAllAsync().ToListAsync();
        Assert.Equal(new GenerationEvent.Failure(FailureReason.Deadline), Assert.Single(said));
    }

    [Fact]
    public void An_aborted_micro_batch_is_computed_again_to_the_same_tokens()
    {
        using var house = new House();
        Generation[] asked = [house.Ask("one", 30), house.Ask("two", 30)];
        for (var step = 0; house.Scheduler.Running > 0 || step == 0; step++)
        {
            if (step % 3 == 0)
            {
                house.Abort();
            }

            house.Step();
        }

        Assert.Equal([House.Alone("one", 30), House.Alone("two", 30)], asked.Select(generation => generation.Tokens.ToArray()));
    }

    [Fact]
    public void Room_for_the_longest_answer_is_set_aside_before_the_first_token()
    {
        using var house = new House(parallel: 4, cells: 512, kept: 0);
        var first = house.Ask("first", 300);
        var second = house.Ask("second", 300);
        var small = house.Ask("small", 20);
        house.Step();

        // The small one would fit, but then the second might wait for ever.
        Assert.Equal((1, 2), (house.Scheduler.Running, house.Parts.Line.Count));
        house.Finish();
        Assert.Equal((300, 300, 20), (first.Tokens.Length, second.Tokens.Length, small.Tokens.Length));
    }

    [Fact]
    public void Promised_cells_go_to_who_is_behind_when_the_first_leaves()
    {
        using var house = new House(parallel: 4, cells: 512, kept: 0);
        house.Ask("first", 300);
        var second = house.Ask("second", 300);
        var third = house.Ask("third", 100);
        house.Step();
        Assert.Equal((false, false), (second.HasCells, third.HasCells));
        house.Parts.Line.TryLeave(second);
        house.Step();
        Assert.Equal((2, 0), (house.Scheduler.Running, house.Parts.Line.Count));
    }

    [Fact]
    public void Only_the_thread_that_made_it_may_move_it()
    {
        using var house = new House();
        Exception? error = null;
        var thread = new Thread(() => error = Record.Exception(() => house.Step()));
        thread.Start();
        thread.Join();

        Assert.IsType<InvalidOperationException>(error);
    }
}
