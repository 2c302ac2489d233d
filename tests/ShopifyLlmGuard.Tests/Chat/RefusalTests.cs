using ShopifyLlmGuard.Chat;

namespace ShopifyLlmGuard.Tests.Chat;

public sealed class RefusalTests
{
    [Theory]
    [InlineData("I'm sorry, but I can't help with that.")]
    [InlineData("I’m sorry, I cannot provide medical advice.")]
    [InlineData("Sorry, I am unable to answer this.")]
    [InlineData("Unfortunately, I can not discuss health questions.")]
    [InlineData("As an AI language model, I cannot give recommendations.")]
    [InlineData("I won't answer this question.")]
    [InlineData("Es tut mir leid, dabei kann ich Ihnen nicht helfen.")]
    [InlineData("Leider kann ich dazu keine Auskunft geben.")]
    [InlineData("Je suis désolé, mais je ne peux pas vous aider.")]
    [InlineData("Mi dispiace, non posso aiutarti.")]
    public void A_refusal_is_known_by_its_first_words(string text) => Assert.True(RefusalPhrases.IsRefusal(text));

    [Theory]
    [InlineData("You could take a look at [1].")]
    [InlineData("I can help: [1] travels well.")]
    [InlineData("Sorry, [1] is sold out, but [2] is as small.")]
    [InlineData("[1] cannot provide heat, and I would take [2].")]
    [InlineData("Leider ist [1] ausverkauft.")]
    public void An_answer_is_none(string text) => Assert.False(RefusalPhrases.IsRefusal(text));
}
