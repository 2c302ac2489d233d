using ShopifyLlmGuard.Chat;
using ShopifyLlmGuard.Fallbacks;

namespace ShopifyLlmGuard.Tests.Chat;

public sealed class EmergencyPhrasesTests
{
    [Theory]
    [InlineData("I think I'm having a heart attack")]
    [InlineData("my father has severe chest pain")]
    [InlineData("I have chest pains, which monitor should I buy?")]
    [InlineData("she can't breathe")]
    [InlineData("HE IS NOT BREATHING")]
    [InlineData("my wife is having a stroke")]
    [InlineData("his face is drooping and he has slurred speech")]
    [InlineData("it won't stop bleeding")]
    [InlineData("he is bleeding heavily")]
    [InlineData("my son swallowed a button battery")]
    [InlineData("she drank some bleach")]
    [InlineData("I took too many pills")]
    [InlineData("overdose what to do")]
    [InlineData("my tongue is swelling")]
    [InlineData("grandma fell and is unconscious")]
    [InlineData("he won’t wake up")]
    [InlineData("my daughter is having a seizure")]
    [InlineData("I want to die")]
    [InlineData("thinking about killing myself")]
    [InlineData("I don't want to live any more")]
    public void Words_that_want_help_get_a_number_to_call(string text)
    {
        var reply = EmergencyPhrases.ReplyTo(text, FallbackContent.Default);
        Assert.NotNull(reply);
        Assert.Equal("tel:112", reply.Links[0].Url);
    }

    [Theory]
    [InlineData("Which blood pressure monitor is good for travel?")]
    [InlineData("Where can I park at the clinic?")]
    [InlineData("Is there a doctor or nurse I can book an appointment with?")]
    [InlineData("Do you ship to hospitals?")]
    [InlineData("plasters for a bleeding blister")]
    [InlineData("Do you have a first aid kit for bleeding?")]
    [InlineData("a mask that I can breathe in while I sleep")]
    [InlineData("does the thermometer need a battery")]
    [InlineData("how many tablets are in the tube of magnesium")]
    [InlineData("can I take all of the supplements together?")]
    [InlineData("compression socks for heart patients")]
    [InlineData("my order never arrived and nobody answers")]
    [InlineData("rehabilitation after a stroke last year: which walker?")]
    [InlineData("poison-free, natural pillow")]
    [InlineData("I am dying to try the sleep mask")]
    [InlineData("a lamp to help me wake up")]
    [InlineData("my back is killing me")]
    [InlineData("drink bottle for the car")]
    public void Questions_about_products_and_errands_raise_no_alarm(string text) =>
        Assert.Null(EmergencyPhrases.ReplyTo(text, FallbackContent.Default));
}
