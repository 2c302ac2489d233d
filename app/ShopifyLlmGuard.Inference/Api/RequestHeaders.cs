using System.Globalization;
using ShopifyLlmGuard.Inference.Engine.Admission;

namespace ShopifyLlmGuard.Inference.Api;

/// <summary>What a request's headers say about it: how long somebody waits, how urgent it is and for whom it is.</summary>
internal sealed record RequestHeaders(TimeSpan? Within, Priority Priority, Caller Caller)
{
    private const string Deadline = "X-Deadline-Ms";
    private const string Urgency = "X-Priority";
    private const string Name = "X-Caller";

    public static RequestHeaders Read(HttpRequest request) => new(
        ReadDeadline(request),
        ReadPriority(request),
        Caller.Of(request.Headers.Authorization.ToString(), request.Headers[Name].ToString()));

    private static TimeSpan? ReadDeadline(HttpRequest request)
    {
        var values = request.Headers[Deadline];
        if (values.Count == 0)
        {
            return null;
        }

        return values is [{ } text] && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var milliseconds)
            ? TimeSpan.FromMilliseconds(Math.Clamp(milliseconds, 0, int.MaxValue - 1))
            : throw new RefusedException(ApiError.Invalid($"{Deadline} must be a number of milliseconds.", Deadline));
    }

    private static Priority ReadPriority(HttpRequest request)
    {
        var values = request.Headers[Urgency];
        return values.Count <= 1 && Priorities.TryRead(values.Count == 0 ? null : values[0], out var priority)
            ? priority
            : throw new RefusedException(ApiError.Invalid($"{Urgency} must be chat, recommendations or batch.", Urgency));
    }
}
