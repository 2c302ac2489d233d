namespace ShopifyLlmGuard.Inference.Llama;

/// <summary>Loaded weights and their vocabulary. Safe to use from several threads.</summary>
internal interface ILlmModel : IDisposable
{
    /// <summary>Token ids are 0 to this, exclusive.</summary>
    int VocabularySize { get; }

    /// <summary>The longest sequence that the model was trained on, in tokens.</summary>
    int TrainedContext { get; }

    /// <summary>The token that starts every prompt, when the model wants one.</summary>
    int? LeadingToken { get; }

    /// <summary>Control, user-defined and unknown tokens: what a text can be mistaken for.</summary>
    IReadOnlyList<SpecialToken> SpecialTokens { get; }

    /// <summary>Plain text to tokens. Nothing in the text becomes a control token, whatever it looks like.</summary>
    int[] Tokenize(string text);

    /// <summary>The bytes that a token stands for; a part of a UTF-8 character at times, nothing for a control token.</summary>
    ReadOnlyMemory<byte> TokenToBytes(int token);

    /// <summary>True for every token after which an answer is over.</summary>
    bool IsEndOfGeneration(int token);

    /// <summary>Renders turns with the model's own chat template and opens the assistant's turn;
    /// null when the template is missing or unknown to llama.cpp.</summary>
    string? ApplyTemplate(IReadOnlyList<ChatTurn> turns);

    ILlmSampler CreateSampler(SamplingSettings settings);

    /// <exception cref="ModelLoadException">There is no memory for a context of this size.</exception>
    ILlmContext CreateContext(ContextSettings settings);
}

/// <param name="Role"><c>system</c>, <c>user</c> or <c>assistant</c>.</param>
/// <param name="Content">What was said; plain text.</param>
internal sealed record ChatTurn(string Role, string Content);

/// <param name="Id">The token's id.</param>
/// <param name="Text">How the vocabulary spells it.</param>
/// <param name="IsPlainText">llama.cpp finds this token in plain text too (a user-defined token).</param>
/// <param name="StripsBefore">White space before the token belongs to it.</param>
/// <param name="StripsAfter">White space after the token belongs to it.</param>
internal sealed record SpecialToken(int Id, string Text, bool IsPlainText, bool StripsBefore, bool StripsAfter);
