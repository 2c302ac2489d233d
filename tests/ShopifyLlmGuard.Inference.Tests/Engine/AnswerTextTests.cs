using System.Text;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using ShopifyLlmGuard.Inference.Engine;

namespace ShopifyLlmGuard.Inference.Tests.Engine;

public sealed class AnswerTextTests
{
    [Theory]
    [InlineData("Größe 🩺 und 👩‍⚕️, 体温計")]
    [InlineData("🙂🙃🙂")]
    public void A_character_is_never_split_across_pieces(string text)
    {
        using var model = Models.Load(Models.Endless);
        var answer = new AnswerText([]);
        string[] pieces = [.. model.Tokenize(text).Select(token => answer.Add(model.TokenToBytes(token).Span)), answer.End()];

        Assert.Equal(text, string.Concat(pieces));
        Assert.All(pieces, piece => Assert.False(piece.Length > 0 && (char.IsHighSurrogate(piece[^1]) || char.IsLowSurrogate(piece[0]))));
        Assert.DoesNotContain(pieces, piece => piece.Contains('\uFFFD', StringComparison.Ordinal));
    }

    [Property(MaxTest = 300)]
    public Property Text_cut_at_any_bytes_arrives_whole_and_in_whole_characters() => Prop.ForAll(
        Gen.Choose(0, 0x10FFFF).Select(value => Rune.IsValid(value) ? new Rune(value) : new Rune(value % 0xD800)).ListOf().ToArbitrary(),
        Gen.Choose(1, 5).NonEmptyListOf().ToArbitrary(),
        (runes, cuts) =>
        {
            var text = string.Concat(runes);
            var bytes = Encoding.UTF8.GetBytes(text);
            var answer = new AnswerText(["a stop text that is not there"]);
            var pieces = new List<string>();
            for (int at = 0, turn = 0, size; at < bytes.Length; at += size, turn++)
            {
                size = Math.Min(cuts[turn % cuts.Count], bytes.Length - at);
                pieces.Add(answer.Add(bytes.AsSpan(at, size)));
            }

            pieces.Add(answer.End());
            // A piece with half a surrogate pair would not survive on its own.
            return string.Concat(pieces) == text
                && pieces.TrueForAll(piece => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(piece)) == piece);
        });

    [Property(MaxTest = 300)]
    public Property Any_bytes_at_all_become_valid_text() => Prop.ForAll(
        Gen.Choose(0, 255).Select(value => (byte)value).ListOf().ToArbitrary(),
        Gen.Choose(1, 4).ToArbitrary(),
        (bytes, size) =>
        {
            var answer = new AnswerText([]);
            string said = string.Concat([.. bytes.ToArray().Chunk(size).Select(part => answer.Add(part)), answer.End()]);
            return said == Encoding.UTF8.GetString([.. bytes]);
        });

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
