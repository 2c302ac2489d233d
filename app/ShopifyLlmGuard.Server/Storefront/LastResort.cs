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
            Log.Broke(logger, string.Join(" <- ", Chain(exception).Select(cause => cause.GetType().Name)), exception.GetBaseException().StackTrace);
        }
    }

    private static IEnumerable<Exception> Chain(Exception exception)
    {
        for (var cause = exception; cause is not null; cause = cause.InnerException)
        {
            yield return cause;
        }
    }

    private static partial class Log
    {
        // The message of an exception may quote what a shopper wrote, so only its types and its place are kept.
        [LoggerMessage(Level = LogLevel.Error, Message = "An answer broke inside the guard with {Problem}; the shopper got static content. {Place}")]
        public static partial void Broke(ILogger logger, string problem, string? place);
    }
}
