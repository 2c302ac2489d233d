using Microsoft.Extensions.Logging.Abstractions;
using ShopifyLlmGuard.Inference.Engine;
using ShopifyLlmGuard.Inference.Engine.Admission;
using ShopifyLlmGuard.Inference.Llama;

namespace ShopifyLlmGuard.Inference.Tests.Engine;

/// <summary>Callers who come and go at random, with less memory than they want: nobody ever gets anything of another's.</summary>
public sealed class StormTests
{
    private static readonly string[] Questions =
        [.. Enumerable.Range(0, 12).Select(index => $"which monitor number {index} is good for travel and for my grandmother")];

    // Twice what rounding was measured to do (see EqualityTests); another caller's words would change a score by much more.
    private const float Rounding = 0.3f;

    [Fact]
    public void Every_answer_of_a_storm_is_what_the_model_says_to_that_prompt_alone()
    {
        using var house = new House(Models.Demo, parallel: 4, cells: 256, batch: 32, queue: 1000, kept: 4);
        var random = new Random(5);
        var asked = new List<Generation>();
        for (var move = 0; move < 900; move++)
        {
            switch (random.Next(12))
            {
                case < 3 when house.Parts.Line.Count < 8:
                    asked.Add(house.Ask(
                        Questions[random.Next(Questions.Length)], 20, random.Next(2) == 0 ? House.Alice : House.Bob));
                    break;
                case 3 when asked.Count > 0:
                    asked[random.Next(Math.Max(0, asked.Count - 8), asked.Count)].TryCancel(FailureReason.Cancelled);
                    break;
                case 4:
                    house.Abort();
                    break;
                default:
                    house.Step();
                    break;
            }

            Assert.InRange(house.Scheduler.Slots.FreeCells, 0, 256);
        }

        house.Finish();
        var whole = asked.Where(each => each.CancelledFor is null).ToArray();
        Assert.True(whole.Length > 30);
        Assert.All(whole, each => Assert.InRange(House.Doubt(house.Model, each), 0, Rounding));
    }

    [Fact]
    public async Task No_callers_letter_reaches_another_however_they_leave()
    {
        var limits = new AdmissionLimits(4, 64, 0, TimeSpan.FromSeconds(2.5), IsShadow: true);
        var settings = new EngineSettings(new ContextSettings(1024, 64, 8, 1), 1024, limits, KeptCells: 512);
        // Two lives of the engine: what the first one left behind is not there in the second.
        for (var life = 0; life < 2; life++)
        {
            using var engine = new InferenceEngine(
                Models.Load(Models.Echo), settings, Meters.NewMeter(), TimeProvider.System, NullLogger<InferenceEngine>.Instance);
            var answers = await Task.WhenAll("abcdef".Select((letter, index) => AskAsync(engine, letter, new Random(life * 100 + index))));

            Assert.All(answers, count => Assert.True(count > 0));
            Assert.Equal(0, engine.Progress.Running + engine.Queued);
        }
    }

    private static async Task<int> AskAsync(InferenceEngine engine, char letter, Random random)
    {
        var whole = 0;
        for (var round = 0; round < 10; round++)
        {
            var prompt = Enumerable.Repeat(3 + letter, random.Next(20, 300)).ToArray();
            var request = new GenerationRequest(prompt, 30, SamplingSettings.Greedy, []) { Caller = Caller.Of($"{letter}", "") };
            var (generation, verdict) = engine.Submit(request);
            Assert.True(generation is not null, verdict.ToString());
            var leavesAfter = random.Next(3) == 0 ? random.Next(4) : int.MaxValue;
            await foreach (var said in generation.ReadAllAsync())
            {
                if (said is GenerationEvent.Piece piece)
                {
                    Assert.True(piece.Text.All(each => each == letter), $"'{letter}' was told '{piece.Text}'.");
                }

                whole += said is GenerationEvent.End ? 1 : 0;
                if (leavesAfter-- == 0)
                {
                    engine.Cancel(generation, FailureReason.Cancelled);
                }
            }
        }

        return whole;
    }
}
