using ShopifyLlmGuard.Admin.Pages;
using ShopifyLlmGuard.Admin.Parts;
using ShopifyLlmGuard.Fallbacks;

namespace ShopifyLlmGuard.Tests.Admin;

public class FallbackFormTests
{
    [Theory]
    [InlineData("up:1", "bac", "Question 2 is now question 1.")]
    [InlineData("down:1", "acb", "Question 2 is now question 3.")]
    [InlineData("remove:0", "bc", "Question 1 was removed.")]
    [InlineData("up:0", "abc", null)]
    [InlineData("down:2", "abc", null)]
    [InlineData("up:3", "abc", null)]
    [InlineData("up:-1", "abc", null)]
    [InlineData("explode:1", "abc", null)]
    [InlineData("save", "abc", null)]
    public void Buttons_rearrange_questions(string action, string order, string? said)
    {
        var form = new FallbackForm
        {
            Action = action, Faq = [.. "abc".Select(letter => new FallbackForm.Entry { Question = $"{letter}" })],
        };
        Assert.Equal(said, form.Rearrange());
        Assert.Equal(order, string.Concat(form.Entries.Select(entry => entry.Question)));
    }

    [Fact]
    public void Content_survives_the_form() =>
        Assert.Equal(FallbackContent.Default, FallbackForm.Of(FallbackContent.Default).ToContent());

    [Fact]
    public void Only_questions_that_were_never_written_are_dropped()
    {
        var form = new FallbackForm { Faq = [new() { Question = " " }, new() { Question = "Q" }, new() { Answer = "A" }] };
        form.DropEmptyEntries();
        Assert.Equal(2, form.Entries.Count);
    }

    // The rules belong to the library; this holds its sentences to the form's fields.
    [Fact]
    public void Every_mistake_stands_next_to_its_field()
    {
        var wrong = new FallbackContent(
            "", [.. Enumerable.Repeat(new FaqEntry("", new string('a', FallbackRules.LongestAnswer + 1)), FallbackRules.MostQuestions + 1)],
            new LinkText("", "javascript:alert(1)"), new LinkText(new string('b', FallbackRules.LongestLabel + 1), ""));
        var sentences = FallbackRules.Check(wrong);
        var mistakes = new FieldMistakes(sentences);
        Assert.Equal([sentences.Single(sentence => sentence.Contains("at most 20 questions"))], mistakes.AboutTheWhole(wrong.Faq.Count));
        Assert.All(
            [FieldMistakes.Greeting, FieldMistakes.ContactLabel, FieldMistakes.ContactUrl, FieldMistakes.BookingLabel, FieldMistakes.BookingUrl,
                FieldMistakes.Question(0), FieldMistakes.Answer(11)],
            field => Assert.NotNull(mistakes.For(field)));
        Assert.StartsWith("Question 1 is", mistakes.For(FieldMistakes.Question(0)));
        Assert.DoesNotContain("Question 12", mistakes.For(FieldMistakes.Question(0)));
    }
}
