using System.Diagnostics;
using ShopifyLlmGuard.Inference.Engine.Admission;

namespace ShopifyLlmGuard.Inference.Api;

/// <summary>Ends an endpoint early; the endpoint answers with the error.</summary>
internal sealed class RefusedException(ApiError error) : Exception
{
    public ApiError Error => error;

    /// <exception cref="RefusedException">The verdict says no.</exception>
    public static void ThrowIf(Verdict verdict)
    {
        if (verdict.Refusal is not Refusal.None)
        {
            throw new RefusedException(ErrorOf(verdict) with { RetryAfter = verdict.RetryAfter });
        }
    }

    private static ApiError ErrorOf(Verdict verdict) => verdict.Refusal switch
    {
        Refusal.QueueFull => ApiError.QueueFull,
        Refusal.CallerLimit => ApiError.CallerLimit,
        Refusal.PriorityLimit => ApiError.PriorityLimit,
        Refusal.DeadlineUnreachable when verdict.RetryAfter is null => ApiError.PromptUnreachable,
        Refusal.DeadlineUnreachable => ApiError.DeadlineUnreachable,
        Refusal.Stopping => ApiError.Stopping,
        _ => throw new UnreachableException(),
    };
}
