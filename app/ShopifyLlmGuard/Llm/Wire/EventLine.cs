namespace ShopifyLlmGuard.Llm.Wire;

internal enum EventLineKind
{
    /// <summary>Data, a comment, or nothing.</summary>
    Other,

    /// <summary>Nothing more comes.</summary>
    End,

    /// <summary>The endpoint reports an error in the middle of a successful response.</summary>
    Error,
}

/// <summary>What a line of an event stream says, in any of the ways in which servers write it.</summary>
internal static class EventLine
{
    public static EventLineKind Kind(ReadOnlySpan<byte> line)
    {
        line = line.Trim(" \r"u8);
        if (line.StartsWith("error:"u8))
        {
            return EventLineKind.Error;
        }

        if (line.StartsWith("event:"u8))
        {
            return line[6..].Trim((byte)' ').SequenceEqual("error"u8) ? EventLineKind.Error : EventLineKind.Other;
        }

        if (!line.StartsWith("data:"u8))
        {
            return EventLineKind.Other;
        }

        var data = line[5..].Trim((byte)' ');
        if (data.SequenceEqual("[DONE]"u8))
        {
            return EventLineKind.End;
        }

        return HasErrorKey(data) || IsErrorObject(data) ? EventLineKind.Error : EventLineKind.Other;
    }

    // Inside a JSON string the quotes would be escaped, so these bytes are a key. A key with null is no error.
    private static bool HasErrorKey(ReadOnlySpan<byte> json)
    {
        var key = "\"error\""u8;
        for (var at = json.IndexOf(key); at >= 0; at = json.IndexOf(key))
        {
            json = json[(at + key.Length)..].TrimStart((byte)' ');
            if (json.StartsWith(":"u8) && !json[1..].TrimStart((byte)' ').StartsWith("null"u8))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsErrorObject(ReadOnlySpan<byte> json) =>
        json.StartsWith("{\"object\":\"error\""u8) || json.StartsWith("{\"object\": \"error\""u8);
}
