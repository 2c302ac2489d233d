using ShopifyLlmGuard.DemoModel.Model;
using TorchSharp;

namespace ShopifyLlmGuard.DemoModel.Checks;

/// <summary>Whether the exported file says what the trained network says, token by token.</summary>
internal static class Agreement
{
    private const int Tokens = 48;

    /// <summary>llama.cpp continues each prompt greedily; the trainer (float32) is asked for its choice at each place.</summary>
    public static (int Same, int Asked) Count(Llama trained, ExportedModel exported, IEnumerable<(string System, string User)> prompts)
    {
        trained.HalfPrecision = false;
        var (same, asked) = (0, 0);
        foreach (var prompt in prompts.Select(asked => exported.Render(asked.System, asked.User)))
        {
            var answer = exported.Continue(prompt, Tokens).Tokens;
            var choices = Choices(trained, [.. prompt, .. answer]);
            same += answer.Where((token, i) => choices[prompt.Length - 1 + i] == token).Count();
            asked += answer.Count;
        }

        return (same, asked);
    }

    private static long[] Choices(Llama trained, int[] tokens)
    {
        using var noGradients = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        var length = tokens.Length;
        var ids = torch.tensor(tokens.Select(token => (long)token).ToArray()).view(1, length);
        var visible = torch.ones(1, 1, length, length, torch.ScalarType.Bool).tril();
        var hidden = trained.Forward(ids, torch.arange(length).view(1, length), visible);
        return trained.Logits(hidden).argmax(-1).data<long>().ToArray();
    }
}
