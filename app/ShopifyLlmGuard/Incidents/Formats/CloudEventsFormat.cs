using System.Text.Json;

namespace ShopifyLlmGuard.Incidents.Formats;

/// <summary>
/// CloudEvents 1.0 over HTTP (https://github.com/cloudevents/spec): structured, binary and batched. The data is a signal in the
/// guard's own format, of which everything may be missing: then the last word of the type is the state, the subject (or the id) with
/// the source is the key, and the time is the moment.
/// </summary>
internal static class CloudEventsFormat
{
    private const string Structured = "application/cloudevents+json", Batch = "application/cloudevents-batch+json";

    public static bool Knows(string mediaType) => mediaType is Structured or Batch or "application/json" or "";

    public static DeliveryReading Read(JsonElement body, RawDelivery delivery) => delivery.MediaType switch
    {
        Batch => ReadBatch(body, delivery),
        Structured => ReadOne(name => body.Text(name), body.Part("data"), delivery),
        _ => ReadOne(name => delivery.Header($"ce-{name}"), body, delivery),
    };

    // A batch has no id of its own; each of its events outdates or repeats by its own time.
    private static DeliveryReading ReadBatch(JsonElement body, RawDelivery delivery) => body.ValueKind == JsonValueKind.Array
        ? new(null, [.. body.EnumerateArray().SelectMany(one => ReadOne(name => one.Text(name), one.Part("data"), delivery).Signals)])
        : throw new UnreadableException("no-batch");

    private static DeliveryReading ReadOne(Func<string, string?> attribute, JsonElement data, RawDelivery delivery)
    {
        string Required(string name) => attribute(name) is { Length: > 0 } value ? value : throw new UnreadableException($"no-{name}");
        var (id, source, type) = (Required("id"), Required("source"), Required("type"));
        if (Required("specversion") != "1.0")
        {
            throw new UnreadableException("unknown-specversion");
        }

        var at = attribute("time") is { } time ? Fields.Moment(time) : null;
        var key = data.Text("key") ?? attribute("subject") ?? id;
        var signal = GuardFormat.Signal(data, $"{source} {key}", type.Split('.')[^1], at, delivery);
        return new(Kept.Hash(source, id), [signal with { ExternalId = Kept.CodeOrHash(key), TitleCode = signal.TitleCode == "incident" ? Kept.CodeOrHash(type) : signal.TitleCode }]);
    }
}
