using ShopifyLlmGuard.DemoModel.Text;
using static TorchSharp.torch;

namespace ShopifyLlmGuard.DemoModel.Model;

/// <summary>Rows of tokens as tensors; short rows are filled up with tokens that nobody sees.</summary>
internal sealed record Batch(Tensor Ids, Tensor Positions, Tensor Visible, Tensor Places, Tensor Targets, Tensor Weights)
{
    private const int Step = 32;

    public static Batch From(IReadOnlyList<Pack> packs)
    {
        var length = (packs.Max(pack => pack.Ids.Count) + Step - 1) / Step * Step;
        var ids = Padded(packs, pack => pack.Ids, length, 0);
        var branches = Padded(packs, pack => pack.Branches, length, -1);
        var query = branches.unsqueeze(-1);
        var key = branches.unsqueeze(-2);
        var visible = ((key == 0) | (key == query)) & ones(length, length, ScalarType.Bool).tril();
        var places = new List<long>();
        var targets = new List<long>();
        var weights = new List<float>();
        for (var row = 0; row < packs.Count; row++)
        {
            var pack = packs[row];
            for (var i = 1; i < pack.Ids.Count; i++)
            {
                if (pack.Weights[i] > 0)
                {
                    places.Add(((long)row * length) + i - 1);
                    targets.Add(pack.Ids[i]);
                    weights.Add(pack.Weights[i]);
                }
            }
        }

        return new Batch(ids, Padded(packs, pack => pack.Positions, length, 0), visible.unsqueeze(1),
            tensor(places.ToArray()), tensor(targets.ToArray()), tensor(weights.ToArray()));
    }

    private static Tensor Padded(IReadOnlyList<Pack> packs, Func<Pack, List<int>> part, int length, long fill)
    {
        var all = new long[packs.Count * length];
        Array.Fill(all, fill);
        for (var row = 0; row < packs.Count; row++)
        {
            part(packs[row]).Select(value => (long)value).ToArray().CopyTo(all, row * length);
        }

        return tensor(all).view(packs.Count, length);
    }
}
