using System.Text;
using LLama;
using LLama.Exceptions;
using LLama.Native;

namespace ShopifyLlmGuard.Inference.Llama.LLamaSharp;

internal sealed class LLamaSharpModel : ILlmModel
{
    private readonly SafeLlamaModelHandle _model;
    private readonly string? _template;
    private readonly ReadOnlyMemory<byte>[] _bytes;
    private readonly Lazy<FirstBytes> _firstBytes;
    private readonly bool[] _ends;

    public LLamaSharpModel(SafeLlamaModelHandle model)
    {
        _model = model;
        _template = model.GetTemplate(strict: false);
        VocabularySize = model.Vocab.Count;
        LeadingToken = model.Vocab.ShouldAddBOS && model.Vocab.BOS is { } first && (int)first < VocabularySize ? (int)first : null;
        _firstBytes = new Lazy<FirstBytes>(() => new FirstBytes(this));
        _bytes = [.. Enumerable.Range(0, VocabularySize).Select(token => Piece(token, special: false))];
        _ends = [.. Enumerable.Range(0, VocabularySize).Select(token => ((LLamaToken)token).IsEndOfGeneration(model.Vocab))];
        SpecialTokens = [.. Enumerable.Range(0, VocabularySize).Select(Special).OfType<SpecialToken>()];
    }

    public int VocabularySize { get; }

    public int TrainedContext => _model.ContextSize;

    public int? LeadingToken { get; }

    public IReadOnlyList<SpecialToken> SpecialTokens { get; }

    public int[] Tokenize(string text) =>
        [.. _model.Tokenize(text, addBos: false, special: false, Encoding.UTF8).Select(token => (int)token)];

    public ReadOnlyMemory<byte> TokenToBytes(int token) => _bytes[token];

    public FirstBytes FirstBytes => _firstBytes.Value;

    public bool IsEndOfGeneration(int token) => _ends[token];

    public string? ApplyTemplate(IReadOnlyList<ChatTurn> turns)
    {
        if (_template is null)
        {
            return null;
        }

        var template = new LLamaTemplate(_template) { AddAssistant = true };
        foreach (var turn in turns)
        {
            template.Add(turn.Role, turn.Content);
        }

        try
        {
            return Encoding.UTF8.GetString(template.Apply());
        }
        catch (MissingTemplateException)
        {
            return null;
        }
    }

    public ILlmSampler CreateSampler(SamplingSettings settings) =>
        settings.Grammar is null ? new LLamaSharpSampler(settings) : LLamaSharpSampler.Under(this, _model, settings);

    public ILlmContext CreateContext(ContextSettings settings) => LLamaSharpContext.Create(_model, settings);

    public void Dispose() => _model.Dispose();

    private ReadOnlyMemory<byte> Piece(int token, bool special)
    {
        var buffer = new byte[64];
        var length = (int)_model.TokenToSpan(token, buffer, special: special);
        if (length > buffer.Length)
        {
            buffer = new byte[length];
            length = (int)_model.TokenToSpan(token, buffer, special: special);
        }

        return buffer.AsMemory(0, length);
    }

    private SpecialToken? Special(int token)
    {
        var attributes = ((LLamaToken)token).GetAttributes(_model.Vocab);
        var text = Encoding.UTF8.GetString(Piece(token, special: true).Span);
        return (attributes & (LLamaTokenAttr.Unknown | LLamaTokenAttr.Control | LLamaTokenAttr.UserDefined)) == 0 || text.Length == 0
            ? null
            : new SpecialToken(
                token,
                text,
                IsPlainText: (attributes & (LLamaTokenAttr.Unknown | LLamaTokenAttr.Control)) == 0,
                StripsBefore: attributes.HasFlag(LLamaTokenAttr.LStrip),
                StripsAfter: attributes.HasFlag(LLamaTokenAttr.RStrip));
    }
}
