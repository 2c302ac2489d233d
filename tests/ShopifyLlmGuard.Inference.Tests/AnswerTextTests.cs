using System.Text;
using ShopifyLlmGuard.Inference.Engine;

namespace ShopifyLlmGuard.Inference.Tests;

public sealed class AnswerTextTests
{
    [Theory]
    [InlineData("Größe 🩺 und 👩‍⚕️, 体温計")]
    [InlineData("🙂🙃🙂")]
    public void A_character_is_never_split_across_pieces(string text)
    {
        using var model = Models.Load(Models.Endless);
        var answer = new AnswerText([]);
        var pieces = model.Tokenize(text).Select(token => answer.Add(model.TokenToBytes(token).Span)).Append(answer.End()).ToArray();

        Assert.Equal(text, string.Concat(pieces));
        Assert.All(pieces, piece => Assert.False(piece.Length > 0 && (char.IsHighSurrogate(piece[^1]) || char.IsLowSurrogate(piece[0]))));
        Assert.DoesNotContain(pieces, piece => piece.Contains('\uFFFD', StringComparison.Ordinal));
    }

    [Fact]
    public void A_character_that_never_ends_is_shown_as_broken()
    {
        var answer = new AnswerText([]);

        Assert.Equal("a", answer.Add([(byte)'a', 0xF0, 0x9F]));
        Assert.Equal("\uFFFD", answer.End());
    }

    [Theory]
    [InlineData("one two END three", "END", "one two ", true)]
    [InlineData("one two EN", "END", "one two EN", false)]
    [InlineData("aaab", "aab", "a", true)]
    [InlineData("EENEND", "END", "EEN", true)]
    [InlineData("a🙂b", "🙂", "a", true)]
    [InlineData("ENDING", "END", "", true)]
    public void A_stop_text_is_found_however_it_arrives(string text, string stop, string expected, bool isStopped)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        for (var size = 1; size <= bytes.Length; size++)
        {
            var answer = new AnswerText([stop, "never"]);
            var said = new StringBuilder();
            foreach (var part in bytes.Chunk(size).TakeWhile(_ => !answer.IsStopped))
            {
                said.Append(answer.Add(part));
            }

            said.Append(answer.End());
            Assert.Equal(expected, said.ToString());
            Assert.Equal(isStopped, answer.IsStopped);
        }
    }
}
