using ShopifyLlmGuard.Chat;
using ShopifyLlmGuard.Fallbacks;
using ShopifyLlmGuard.Flags;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Server.Storefront;

/// <summary>What a shopper gets when the guard itself is broken: the merchant's own words, from memory.</summary>
internal sealed partial class LastResort(FallbackBoard fallbacks, ILogger<LastResort> logger)
{
    public Answer Chat(string shop, string message, Exception exception)
    {
        Tell(exception);
        return new(Features.Chat, Mode.Fallback, Sources.Static, ReasonOf(exception), FallbackAnswers.For(fallbacks.Read(shop), message), null, null, null);
    }

    public Answer Recommendations(Exception exception)
    {
        Tell(exception);
        return new(Features.Recommendations, Mode.Fallback, Sources.Static, ReasonOf(exception), null, [], null, null);
    }

    private static string ReasonOf(Exception exception) => exception is OperationCanceledException ? Reasons.Cancelled : Reasons.InternalError;

    // A shopper who went away is no fault of ours.
    private void Tell(Exception exception)
    {
        if (exception is not OperationCanceledException)
        {
            Log.Broke(logger, exception);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "An answer broke inside the guard; the shopper got static content.")]
        public static partial void Broke(ILogger logger, Exception exception);
    }
}
