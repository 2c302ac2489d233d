using System.Security.Cryptography;
using System.Text.Json;
using ShopifyLlmGuard.Serving.Bypassing;
using ShopifyLlmGuard.Server.Trust;

namespace ShopifyLlmGuard.Server.Ops.Bypassing;

/// <summary>
/// The body of <c>POST /ops/bypass</c>. Needed are <c>on</c> and <c>reason</c>; without the rest it holds for every shop, was
/// decided when it was signed, and the same bytes with the same time are the same decision.
/// </summary>
internal sealed record BypassMessage(bool? On, string? Reason, string? Author, string? Shop, Guid? Id, DateTimeOffset? At, BypassWay? Way)
{
    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public static BypassMessage Of(BypassDecision decision) =>
        new(decision.On, decision.Reason, decision.Author, decision.Shop, decision.Id, decision.At, decision.Way);

    /// <summary>The decision, or everything that is wrong with it.</summary>
    /// <param name="message">The signed bytes.</param>
    /// <param name="latest">Later than this nobody can have decided yet.</param>
    /// <param name="standing">
    /// What stands in a scope. Where that lies ahead of <paramref name="now"/>, whoever decided it has a fast clock, and what is signed now
    /// without a time of its own comes behind it; otherwise a message that was signed earlier stays the earlier one, also when it is played again.
    /// </param>
    /// <param name="now">The present.</param>
    public static (BypassDecision? Decision, IReadOnlyList<string> Mistakes) Read(
        SignedMessage message, DateTimeOffset latest, Func<string?, BypassDecision?> standing, DateTimeOffset now)
    {
        BypassMessage? body;
        try
        {
            body = JsonSerializer.Deserialize<BypassMessage>(message.Bytes, Json);
        }
        catch (JsonException)
        {
            body = null;
        }

        if (body?.On is not { } on)
        {
            return (null, ["The body must be a JSON object with \"on\": true or false, and a \"reason\"."]);
        }

        var decision = new BypassDecision(
            body.Id ?? IdOf(message), on, body.Shop, body.Way ?? BypassWay.Webhook, body.Author?.Trim() ?? "webhook", body.Reason?.Trim() ?? "", Whole(body.At ?? message.At));
        IReadOnlyList<string> mistakes =
        [
            .. decision.Mistakes(),
            .. decision.At > latest ? ["It was decided in the future."] : Array.Empty<string>(),
        ];
        return (body.At is null && standing(body.Shop) is { } ahead && ahead.At > now ? decision.Behind(ahead) : decision, mistakes);
    }

    private static Guid IdOf(SignedMessage message) =>
        new(SHA256.HashData([.. BitConverter.GetBytes(message.At.UtcTicks), .. message.Bytes]).AsSpan(0, 16), bigEndian: true);

    // As the database keeps it.
    private static DateTimeOffset Whole(DateTimeOffset moment) => new(moment.UtcTicks - (moment.UtcTicks % TimeSpan.TicksPerMicrosecond), TimeSpan.Zero);
}

/// <summary>What a server answers: how it stands now, and who else has confirmed.</summary>
/// <param name="On">Whether only prepared content is served there, for every shop.</param>
/// <param name="Holds">Why.</param>
/// <param name="Shops">How many shops' staff have switched their shop.</param>
/// <param name="Standing">The decision that stands in the scope that was asked for.</param>
/// <param name="Servers">Servers that it told, each with its answer.</param>
/// <param name="Mistakes">Why nothing was done; empty when it was.</param>
internal sealed record BypassReply(
    bool On, IReadOnlyList<BypassHold> Holds, int Shops, BypassDecision? Standing, IReadOnlyList<ServerReply> Servers, IReadOnlyList<string> Mistakes);

/// <summary>One server's answer.</summary>
/// <param name="Server">Its base address.</param>
/// <param name="Confirmed">Whether the decision stands there.</param>
/// <param name="Milliseconds">How long it took to say so.</param>
/// <param name="Problem">Why it does not; null when it does.</param>
internal sealed record ServerReply(string Server, bool Confirmed, double Milliseconds, string? Problem);
