using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using ShopifyLlmGuard.Inference.Engine.Scheduling;

namespace ShopifyLlmGuard.Inference.Tests.Engine;

/// <summary>What holds for every micro-batch and every way of sharing cells.</summary>
public sealed class PlanTests
{
    private static readonly Gen<Want> AnyWant = Gen.OneOf(
        Gen.Constant(new Want(1, IsPrefill: false)), Gen.Choose(1, 500).Select(tokens => new Want(tokens, IsPrefill: true)));

    [Property(MaxTest = 500)]
    public Property A_micro_batch_lets_every_answer_go_on_and_fills_up_with_prompts_in_turn() => Prop.ForAll(
        AnyWant.ArrayOf().Where(wants => wants.Length > 0).Zip(Gen.Choose(0, 100)).Zip(Gen.Choose(1, 128)).ToArbitrary(), drawn =>
        {
            var ((wants, more), room) = drawn;
            var size = wants.Length + more;
            var shares = Compose(wants, size, room);
            var prompts = wants.Zip(shares).Where(each => each.First.IsPrefill).ToArray();
            var prefilled = prompts.Sum(each => each.Second);

            Assert.All(wants.Zip(shares), each => Assert.True(each.First.IsPrefill || each.Second == 1));
            Assert.All(prompts, each => Assert.InRange(each.Second, 0, each.First.Tokens));
            Assert.True(shares.Sum() <= size);
            Assert.Equal(Math.Min(Math.Min(room, size - wants.Length + prompts.Length), prompts.Sum(each => each.First.Tokens)), prefilled);
            // Nobody behind gets any of what somebody before could still use.
            Assert.True(prompts.SkipWhile(each => each.Second == each.First.Tokens).Skip(1).All(each => each.Second == 0));
            return true;
        });

    [Property(MaxTest = 200)]
    public Property Every_prompt_comes_to_its_end() => Prop.ForAll(
        AnyWant.ArrayOf().Where(wants => wants.Length > 0).Zip(Gen.Choose(1, 64)).ToArbitrary(), drawn =>
        {
            var (wants, more) = drawn;
            var steps = 0;
            for (var total = Left(wants); total > 0; steps++)
            {
                var shares = Compose(wants, wants.Length + more, 64);
                wants = [.. wants.Zip(shares, (want, share) => !want.IsPrefill ? want
                    : want.Tokens == share ? new Want(1, IsPrefill: false) : want with { Tokens = want.Tokens - share })];
                Assert.True(Left(wants) < total);
                total = Left(wants);
            }

            return steps < 10_000;
        });

    [Theory]
    [InlineData(256, false, 0, 64)]
    [InlineData(256, true, 0, 64)]
    [InlineData(256, false, 100, 100)]
    [InlineData(256, false, 10, 16)]
    [InlineData(256, false, 1e12, 256)]
    [InlineData(256, true, 100_000, 256)]
    [InlineData(256, true, 500, 100)]
    [InlineData(256, true, 1, 16)]
    [InlineData(8, true, 1, 8)]
    public void Room_for_prompts_is_what_holds_nobody_up_for_long(int size, bool hasDecodes, double speed, int room) =>
        Assert.Equal(room, BatchPlan.PrefillRoom(size, hasDecodes, speed));

    [Property(MaxTest = 100)]
    public Property Cells_are_counted_as_the_sequences_share_them() => Prop.ForAll(
        Gen.Choose(0, 9).Zip(Gen.Choose(1, 60)).Zip(Gen.Choose(0, 60)).ListOf().ToArbitrary(), moves =>
        {
            var ledger = new CellLedger(100_000);
            // Beside the ledger, sets of cells: what llama.cpp has.
            var (held, fresh) = (new List<(CellLedger.Branch Branch, int[] Cells, bool IsOver)>(), 0);
            foreach (var ((kind, length), shared) in moves)
            {
                if (kind < 3 && held.Count > 0)
                {
                    var index = length % held.Count;
                    Retire(held[index]);
                    ledger.Release(held[index].Branch);
                    held.RemoveAt(index);
                }
                else
                {
                    var from = held.Count == 0 ? default : held[kind % held.Count];
                    int[] begins = from.Cells is null ? [] : from.Cells[..Math.Min(shared, from.Cells.Length)];
                    int[] own = [.. Enumerable.Range(fresh, length)];
                    fresh += length;
                    var branch = ledger.Reserve(begins.Length + length, from.Branch, begins.Length);
                    var real = kind < 7 ? length : length - length / 3;
                    held.Add((branch, [.. begins, .. own[..real]], kind >= 7));
                    if (kind >= 7)
                    {
                        ledger.Retire(branch);
                        ledger.Trim(branch, begins.Length + real);
                    }
                }

                Assert.Equal(held.SelectMany(each => each.Cells).Distinct().Count(), ledger.Reserved);
                Assert.Equal(held.Where(each => !each.IsOver).SelectMany(each => each.Cells).Distinct().Count(), ledger.InUse);
                Assert.All(held, each => Assert.Equal(
                    each.Cells.Except(held.Where(other => other != each).SelectMany(other => other.Cells)).Count(), each.Branch.Own));
            }

            held.ForEach(each => { Retire(each); ledger.Release(each.Branch); });
            return ledger.Reserved == 0 && ledger.InUse == 0;

            void Retire((CellLedger.Branch Branch, int[] Cells, bool IsOver) sequence)
            {
                if (!sequence.IsOver)
                {
                    ledger.Retire(sequence.Branch);
                }
            }
        });

    [Fact]
    public void More_cells_than_there_are_cannot_be_set_aside()
    {
        var ledger = new CellLedger(10);
        ledger.Reserve(6);
        Assert.Throws<ArgumentOutOfRangeException>(() => ledger.Reserve(5));
    }

    private static int[] Compose(Want[] wants, int size, int room)
    {
        var shares = new int[wants.Length];
        BatchPlan.Compose(wants, size, room, shares);
        return shares;
    }

    private static int Left(Want[] wants) => wants.Where(want => want.IsPrefill).Sum(want => want.Tokens);
}
