namespace ShopifyLlmGuard.Server.Trust;

/// <summary>A body whose bytes are proven before anybody parses them.</summary>
internal static class RawBody
{
    public const int MaximumBytes = 1024 * 1024;

    /// <returns>Null when it is too large.</returns>
    public static async Task<byte[]?> ReadAsync(HttpRequest request)
    {
        using var body = new MemoryStream();
        var buffer = new byte[16 * 1024];
        for (int read; (read = await request.Body.ReadAsync(buffer, request.HttpContext.RequestAborted)) > 0;)
        {
            body.Write(buffer, 0, read);
            if (body.Length > MaximumBytes)
            {
                return null;
            }
        }

        return body.ToArray();
    }
}

/// <summary>The raw bytes whose proof fitted.</summary>
internal sealed record ProvenBody(byte[] Bytes);
