using System.Runtime.InteropServices;
using System.Text;

namespace ShopifyLlmGuard.Inference.Llama.LibLlama;

internal sealed unsafe class LibLlamaModel : ILlmModel
{
    private readonly ModelHandle _model;
    private readonly nint _vocabulary;
    private readonly nint _template;
    private readonly ReadOnlyMemory<byte>[] _bytes;
    private readonly Lazy<FirstBytes> _firstBytes;

    public LibLlamaModel(ModelHandle model)
    {
        _model = model;
        _vocabulary = Native.llama_model_get_vocab(model);
        _template = Native.llama_model_chat_template(model, 0);
        VocabularySize = Native.llama_vocab_n_tokens(_vocabulary);
        TrainedContext = Native.llama_model_n_ctx_train(model);
        var first = Native.llama_vocab_bos(_vocabulary);
        LeadingToken = Native.llama_vocab_get_add_bos(_vocabulary) && first >= 0 && first < VocabularySize ? first : null;
        _firstBytes = new Lazy<FirstBytes>(() => new FirstBytes(this));
        _bytes = [.. Enumerable.Range(0, VocabularySize).Select(Piece)];
        SpecialTokens = [.. Enumerable.Range(0, VocabularySize).Select(Special).OfType<SpecialToken>()];
    }

    public int VocabularySize { get; }

    public int TrainedContext { get; }

    public int? LeadingToken { get; }

    public IReadOnlyList<SpecialToken> SpecialTokens { get; }

    public int[] Tokenize(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        // A byte is at least a token's worth; some vocabularies put a space in front.
        var tokens = new int[bytes.Length + 8];
        fixed (byte* source = bytes)
        fixed (int* target = tokens)
        {
            var count = Native.llama_tokenize(_vocabulary, source, bytes.Length, target, tokens.Length, false, false);
            return count >= 0 ? tokens[..count] : throw new InvalidOperationException("The text has too many tokens.");
        }
    }

    public ReadOnlyMemory<byte> TokenToBytes(int token) => _bytes[token];

    public FirstBytes FirstBytes => _firstBytes.Value;

    /// <summary>llama.cpp's vocabulary; lives as long as the model.</summary>
    public nint Vocabulary => _vocabulary;

    public bool IsEndOfGeneration(int token) => Native.llama_vocab_is_eog(_vocabulary, token);

    public string? ApplyTemplate(IReadOnlyList<ChatTurn> turns)
    {
        if (_template == 0)
        {
            return null;
        }

        var texts = turns.SelectMany(turn => new[] { turn.Role, turn.Content }).Select(Marshal.StringToCoTaskMemUTF8).ToArray();
        try
        {
            var messages = new ChatMessage[turns.Count];
            for (var index = 0; index < messages.Length; index++)
            {
                messages[index] = new ChatMessage { Role = (byte*)texts[2 * index], Content = (byte*)texts[2 * index + 1] };
            }

            return Render(messages);
        }
        finally
        {
            Array.ForEach(texts, Marshal.FreeCoTaskMem);
        }
    }

    public ILlmSampler CreateSampler(SamplingSettings settings) =>
        settings.Grammar is null ? new LibLlamaSampler(this, settings) : LibLlamaSampler.Under(this, settings);

    public ILlmContext CreateContext(ContextSettings settings) => LibLlamaContext.Create(_model, VocabularySize, settings);

    public void Dispose() => _model.Dispose();

    private string? Render(ChatMessage[] messages)
    {
        fixed (ChatMessage* first = messages)
        {
            var length = Native.llama_chat_apply_template(_template, first, (nuint)messages.Length, true, null, 0);
            if (length < 0)
            {
                return null;
            }

            var text = new byte[length + 1];
            fixed (byte* target = text)
            {
                Native.llama_chat_apply_template(_template, first, (nuint)messages.Length, true, target, text.Length);
            }

            return Encoding.UTF8.GetString(text, 0, length);
        }
    }

    private ReadOnlyMemory<byte> Piece(int token)
    {
        var buffer = stackalloc byte[64];
        var length = Native.llama_token_to_piece(_vocabulary, token, buffer, 64, 0, special: false);
        if (length >= 0)
        {
            return new ReadOnlySpan<byte>(buffer, length).ToArray();
        }

        var whole = new byte[-length];
        fixed (byte* target = whole)
        {
            length = Native.llama_token_to_piece(_vocabulary, token, target, whole.Length, 0, special: false);
        }

        return whole.AsMemory(0, Math.Max(length, 0));
    }

    private SpecialToken? Special(int token)
    {
        var attributes = Native.llama_vocab_get_attr(_vocabulary, token);
        var text = Marshal.PtrToStringUTF8(Native.llama_vocab_get_text(_vocabulary, token));
        return (attributes & (Native.Unknown | Native.Control | Native.UserDefined)) == 0 || string.IsNullOrEmpty(text)
            ? null
            : new SpecialToken(
                token,
                text,
                IsPlainText: (attributes & (Native.Unknown | Native.Control)) == 0,
                StripsBefore: (attributes & Native.StripsBefore) != 0,
                StripsAfter: (attributes & Native.StripsAfter) != 0);
    }
}
