using ShopifyLlmGuard.Inference.Api.Structure;
using ShopifyLlmGuard.Inference.Llama;

namespace ShopifyLlmGuard.Inference.Tests.Llama;

/// <summary>What every runtime behind the seam does, on the real library. Nothing above the seam may rely on more.</summary>
public sealed class SeamTests : IDisposable
{
    private readonly ILlmModel _model = Models.Load(Models.Endless);

    public void Dispose() => _model.Dispose();

    [Theory]
    [InlineData("Which monitor is good for travel?")]
    [InlineData("Größe, 体温計, 🩺👩‍⚕️ and\ttabs\nlines")]
    [InlineData("a\0b")]
    [InlineData("<|im_start|>system<|im_end|>")]
    public void Text_survives_a_round_trip_through_tokens(string text)
    {
        var bytes = _model.Tokenize(text).SelectMany(token => _model.TokenToBytes(token).ToArray()).ToArray();

        Assert.Equal(text, System.Text.Encoding.UTF8.GetString(bytes));
    }

    [Fact]
    public void Plain_text_never_holds_a_control_token() =>
        Assert.DoesNotContain(_model.Tokenize("<|im_start|>user<|im_end|>"), token => token < TinyModel.Specials);

    [Fact]
    public void Greedy_decoding_gives_the_same_tokens_twice()
    {
        using var context = NewContext();
        var first = Greedy(context, "Good for travel?", 32);
        context.RemoveRange(0, 0);

        Assert.Equal(first, Greedy(context, "Good for travel?", 32));
    }

    [Fact]
    public void A_seed_decides_what_is_drawn()
    {
        using var context = NewContext();
        var settings = new SamplingSettings(1.5f, 0.95f, 42);
        int[] Draw(uint seed)
        {
            context.RemoveRange(0, 0);
            return Answer(context, "Good for travel?", 24, settings with { Seed = seed });
        }

        Assert.Equal(Draw(42), Draw(42));
        Assert.NotEqual(Draw(42), Draw(43));
    }

    [Fact]
    public void Penalties_push_down_what_the_answer_has_already()
    {
        using var context = NewContext();
        int Different(SamplingSettings settings)
        {
            context.RemoveRange(0, 0);
            return Answer(context, "Good for travel?", 64, settings).Distinct().Count();
        }

        var plain = Different(SamplingSettings.Greedy);
        Assert.True(Different(SamplingSettings.Greedy with { PresencePenalty = 100 }) > plain);
        Assert.True(Different(SamplingSettings.Greedy with { FrequencyPenalty = 2 }) > plain);
        Assert.True(Different(SamplingSettings.Greedy with { RepetitionPenalty = 2 }) > plain);
        Assert.Equal(1, Different(SamplingSettings.Greedy with { FrequencyPenalty = -100 }));
    }

    [Fact]
    public void A_min_p_of_one_leaves_only_the_likeliest()
    {
        using var context = NewContext();
        var greedy = Greedy(context, "Good for travel?", 24);
        context.RemoveRange(0, 0);

        Assert.Equal(greedy, Answer(context, "Good for travel?", 24, new SamplingSettings(2, 1, 5) { MinP = 1 }));
    }

    [Fact]
    public void A_top_k_of_one_leaves_only_the_likeliest()
    {
        using var context = NewContext();
        var greedy = Greedy(context, "Good for travel?", 24);
        context.RemoveRange(0, 0);

        Assert.Equal(greedy, Answer(context, "Good for travel?", 24, new SamplingSettings(2, 1, 5) { TopK = 1 }));
        context.RemoveRange(0, 0);
        Assert.NotEqual(greedy, Answer(context, "Good for travel?", 24, new SamplingSettings(2, 1, 5)));
    }

    [Fact]
    public void A_grammar_changes_nothing_about_an_answer_that_keeps_it()
    {
        using var context = NewContext();
        int[] Under(string grammar)
        {
            context.RemoveRange(0, 0);
            return Answer(context, "Good for travel?", 16, SamplingSettings.Greedy with { Grammar = grammar });
        }

        var letters = Under("root ::= [a-z ]*");
        var text = System.Text.Encoding.UTF8.GetString([.. letters.SelectMany(token => _model.TokenToBytes(token).ToArray())]);

        Assert.Matches("^[a-z ]{16}$", text);
        Assert.Equal(letters, Under($"root ::= {Gbnf.Literal(text)} [a-z]"));
    }

    [Fact]
    public void An_answer_that_the_vocabulary_cannot_write_is_stuck_and_harms_nothing()
    {
        using var context = NewContext();
        // A zero is the one byte that llama.cpp's grammars cannot go on with.
        using var sampler = _model.CreateSampler(SamplingSettings.Greedy with { Grammar = "root ::= \"\\x00\"" });
        var output = Prefill(context, _model.Tokenize("a"), 0);

        Assert.Null(context.Sample(output, sampler));
        Assert.True(sampler.IsStuck);
        Assert.NotNull(Sample(context, output));
    }

    [Theory]
    [InlineData(float.NaN, 1, 0, 0, 1)]
    [InlineData(-1, 1, 0, 0, 1)]
    [InlineData(1, 0, 0, 0, 1)]
    [InlineData(1, 1, 2, 0, 1)]
    [InlineData(1, 1, 0, float.NegativeInfinity, 1)]
    [InlineData(1, 1, 0, 0, 0)]
    public void A_setting_out_of_range_never_reaches_the_library(float temperature, float topP, float minP, float penalty, float repetition) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => _model.CreateSampler(
            new SamplingSettings(temperature, topP, 1) { MinP = minP, FrequencyPenalty = penalty, RepetitionPenalty = repetition }));

    [Fact]
    public void A_removed_tail_is_decoded_again_to_the_same_token()
    {
        using var context = NewContext();
        var whole = Greedy(context, "Good for travel?", 8);
        var prompt = _model.Tokenize("Good for travel?").Length;
        context.RemoveRange(0, prompt - 3);

        Assert.Equal(prompt - 4, context.MaxPosition(0));
        var again = Prefill(context, _model.Tokenize("Good for travel?"), 0, from: prompt - 3);
        using var sampler = _model.CreateSampler(SamplingSettings.Greedy);
        Assert.Equal(whole[0], context.Sample(again, sampler));
    }

    [Fact]
    public void A_copied_prefix_continues_like_the_original()
    {
        using var context = NewContext(sequences: 2);
        var prompt = _model.Tokenize("Good for travel?");
        var original = Sample(context, Prefill(context, prompt, 0));
        context.CopyPrefix(0, 1, prompt.Length - 1);

        Assert.Equal(original, Sample(context, Prefill(context, prompt, 1, from: prompt.Length - 1)));
    }

    [Fact]
    public void Sequences_in_one_batch_do_not_disturb_each_other()
    {
        using var context = NewContext(sequences: 2);
        int[][] prompts = [_model.Tokenize("Good for travel?"), _model.Tokenize("For my grandmother")];
        var alone = prompts.Select((prompt, sequence) => Sample(context, Prefill(context, prompt, sequence))).ToArray();
        context.RemoveRange(0, 0);
        context.RemoveRange(1, 0);
        var batch = new TokenBatch(context.BatchSize);
        var outputs = new int[2];
        for (var position = 0; position < prompts.Max(prompt => prompt.Length); position++)
        {
            for (var sequence = 0; sequence < 2; sequence++)
            {
                if (position < prompts[sequence].Length)
                {
                    outputs[sequence] = batch.Add(
                        prompts[sequence][position], position, sequence, position == prompts[sequence].Length - 1);
                }
            }
        }

        Assert.Equal(DecodeResult.Ok, context.Decode(batch));
        Assert.Equal(alone, outputs.Select(output => Sample(context, output)));
    }

    [Fact]
    public void A_full_context_is_an_answer_and_changes_nothing()
    {
        using var context = _model.CreateContext(new ContextSettings(256, 64, 1, 1));
        var tokens = _model.Tokenize(new string('a', 256));
        Prefill(context, tokens[..^8], 0);
        var batch = new TokenBatch(64);
        for (var index = 0; index < 16; index++)
        {
            batch.Add(tokens[0], Math.Min(tokens.Length - 8 + index, 255), 0, false);
        }

        Assert.NotEqual(DecodeResult.Ok, context.Decode(batch));
        Assert.Equal(tokens.Length - 9, context.MaxPosition(0));
    }

    [Fact]
    public async Task An_abort_ends_a_long_prompt_early()
    {
        using var context = _model.CreateContext(new ContextSettings(16384, 16384, 1, 1));
        var tokens = _model.Tokenize(new string('a', 16000));
        var batch = new TokenBatch(16384);
        for (var position = 0; position < tokens.Length; position++)
        {
            batch.Add(tokens[position], position, 0, position == tokens.Length - 1);
        }

        using var started = new ManualResetEventSlim();
        var decoding = Task.Factory.StartNew(
            () =>
            {
                started.Set();
                return context.Decode(batch);
            },
            TaskCreationOptions.LongRunning);
        started.Wait();
        context.RequestAbort();

        Assert.Equal(DecodeResult.Aborted, await decoding.WaitAsync(TimeSpan.FromSeconds(10)));
        context.RemoveRange(0, 0);
        Assert.Equal(-1, context.MaxPosition(0));
        Assert.Equal(32, Greedy(context, "Good for travel?", 32).Length);
    }

    [Fact]
    public void An_abort_without_a_decode_hits_the_next_one_only()
    {
        using var context = NewContext();
        context.RequestAbort();
        var batch = new TokenBatch(8);
        batch.Add(10, 0, 0, true);

        Assert.Equal(DecodeResult.Aborted, context.Decode(batch));
        context.RemoveRange(0, 0);
        Assert.Equal(DecodeResult.Ok, context.Decode(batch));
    }

    private ILlmContext NewContext(int sequences = 1) => _model.CreateContext(new ContextSettings(1024, 64, sequences, 1));

    private int[] Greedy(ILlmContext context, string prompt, int count) => Answer(context, prompt, count, SamplingSettings.Greedy);

    private int[] Answer(ILlmContext context, string prompt, int count, SamplingSettings settings)
    {
        using var sampler = _model.CreateSampler(settings);
        var tokens = _model.Tokenize(prompt);
        var output = Prefill(context, tokens, 0);
        var answer = new int[count];
        var batch = new TokenBatch(1);
        for (var index = 0; index < count; index++)
        {
            answer[index] = context.Sample(output, sampler)!.Value;
            batch.Clear();
            output = batch.Add(answer[index], tokens.Length + index, 0, true);
            Assert.Equal(DecodeResult.Ok, context.Decode(batch));
        }

        return answer;
    }

    private int? Sample(ILlmContext context, int output)
    {
        using var sampler = _model.CreateSampler(SamplingSettings.Greedy);
        return context.Sample(output, sampler);
    }

    private static int Prefill(ILlmContext context, int[] tokens, int sequence, int from = 0)
    {
        var output = 0;
        var batch = new TokenBatch(context.BatchSize);
        for (var position = from; position < tokens.Length;)
        {
            batch.Clear();
            for (; position < tokens.Length && batch.Count < batch.Capacity; position++)
            {
                output = batch.Add(tokens[position], position, sequence, position == tokens.Length - 1);
            }

            Assert.Equal(DecodeResult.Ok, context.Decode(batch));
        }

        return output;
    }
}
