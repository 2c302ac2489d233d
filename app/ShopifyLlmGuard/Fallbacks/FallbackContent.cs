namespace ShopifyLlmGuard.Fallbacks;

/// <summary>The deterministic content of the chat, written by the merchant.</summary>
/// <param name="Greeting">The first line that a shopper reads.</param>
/// <param name="Faq">Questions and answers, in the merchant's order.</param>
/// <param name="Contact">Where to reach a human.</param>
/// <param name="Booking">Where to book an appointment.</param>
public sealed record FallbackContent(string Greeting, IReadOnlyList<FaqEntry> Faq, LinkText Contact, LinkText Booking)
{
    /// <summary>What a shop gets that never wrote its own.</summary>
    public static FallbackContent Default { get; } = new(
        "Our assistant is taking a break. Here are answers to common questions, and people who can help.",
        [
            new("How long does delivery take?", "Orders placed before 14:00 on a working day leave the same day and usually arrive within 2 to 3 working days."),
            new("Can I return a product?", "Yes. You can return unopened products within 30 days. Opened hygiene products cannot be taken back unless they are faulty."),
            new("Which payment methods can I use?", "You see all payment methods at checkout, before you place the order."),
            new("How do I choose the right product?", "Each product page lists what the product is for and for whom it is not. If you are unsure, our team is glad to help you choose."),
            new("Where is my order?", "You find the tracking link in the e-mail that we send when your order leaves. If it is missing, please contact us."),
            new("Can you give me medical advice?", "No. We can tell you about our products, but please ask a doctor or pharmacist about symptoms, diagnoses and medicines."),
        ],
        new("Contact us", "/pages/contact"),
        new("Book an appointment", "/pages/booking"));

    /// <summary>Values, not references: two contents are equal when they read the same.</summary>
    public bool Equals(FallbackContent? other) =>
        other is not null && Greeting == other.Greeting && Faq.SequenceEqual(other.Faq) &&
        Contact == other.Contact && Booking == other.Booking;

    public override int GetHashCode() => HashCode.Combine(Greeting, Faq.Count, Contact, Booking);
}

/// <summary>A question that shoppers ask often, and the merchant's answer.</summary>
public sealed record FaqEntry(string Question, string Answer);

/// <summary>A link and the words on it. The address is http(s) or begins with one slash.</summary>
public sealed record LinkText(string Label, string Url);
