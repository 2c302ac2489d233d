using System.Runtime.InteropServices;
using System.Text;
using ShopifyLlmGuard.DemoModel.Tokens;

namespace ShopifyLlmGuard.DemoModel.Checks;

/// <summary>An exported file in llama.cpp, decoded greedily: what the shop will really hear.</summary>
internal sealed unsafe class ExportedModel : IDisposable
{
    private const int LongestContext = 1024;

    private readonly Tokenizer tokenizer;
    private readonly nint model;
    private readonly nint context;

    public ExportedModel(string path, Tokenizer tokenizer)
    {
        this.tokenizer = tokenizer;
        LibLlama.SetLog(&Ignore, null);
        LibLlama.SetBackendLog(&Ignore, null);
        LibLlama.LoadBackends(LibLlama.Folder);
        model = LibLlama.LoadModel(path, LibLlama.DefaultModelParameters());
        if (model == 0)
        {
            throw new InvalidDataException($"llama.cpp does not load {path}.");
        }

        var parameters = LibLlama.DefaultContextParameters();
        parameters.Length = LongestContext;
        context = LibLlama.NewContext(model, parameters);
        LibLlama.SetThreads(context, 1, 1);
    }

    /// <summary>llama.cpp's own tokens of a rendered prompt.</summary>
    public int[] Tokenize(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var tokens = new int[bytes.Length + 8];
        fixed (byte* from = bytes)
        fixed (int* to = tokens)
        {
            var count = LibLlama.Tokenize(LibLlama.Vocabulary(model), from, bytes.Length, to, tokens.Length, false, true);
            return tokens[..count];
        }
    }

    /// <summary>The most likely tokens after a prompt, up to the end of the turn (which is left out) or the limit.</summary>
    /// <returns>The tokens, and whether the turn ended by itself.</returns>
    public (List<int> Tokens, bool Ended) Continue(int[] prompt, int limit)
    {
        LibLlama.Clear(LibLlama.Memory(context), true);
        var answer = new List<int>();
        var next = Feed(prompt);
        while (next != tokenizer.EndId && answer.Count < limit)
        {
            answer.Add(next);
            next = Feed([next]);
        }

        return (answer, next == tokenizer.EndId);
    }

    public void Dispose()
    {
        LibLlama.FreeContext(context);
        LibLlama.FreeModel(model);
    }

    private int Feed(int[] tokens)
    {
        fixed (int* first = tokens)
        {
            if (LibLlama.Decode(context, LibLlama.BatchOf(first, tokens.Length)) != 0)
            {
                throw new InvalidOperationException("llama.cpp refused to decode.");
            }
        }

        var scores = new ReadOnlySpan<float>(LibLlama.Logits(context, -1), tokenizer.Texts.Count);
        var best = 0;
        for (var i = 1; i < scores.Length; i++)
        {
            best = scores[i] > scores[best] ? i : best;
        }

        return best;
    }

    [UnmanagedCallersOnly]
    private static void Ignore(int level, byte* text, void* state)
    {
    }
}
