using System.Security.Cryptography;
using System.Text;

namespace ShopifyLlmGuard.Inference.Api;

/// <summary>The optional bearer key of <c>/v1</c>.</summary>
internal static class ApiKey
{
    private const string Scheme = "Bearer ";

    public static RouteGroupBuilder RequireKey(this RouteGroupBuilder group, string? key)
    {
        if (key is null)
        {
            return group;
        }

        var expected = SHA256.HashData(Encoding.UTF8.GetBytes(key));
        group.AddEndpointFilter(async (context, next) => Matches(context.HttpContext.Request, expected)
            ? await next(context)
            : ApiError.WrongKey.ToResult());
        return group;
    }

    private static bool Matches(HttpRequest request, byte[] expected)
    {
        var header = request.Headers.Authorization.ToString();
        // Hashes have one length, so that comparing takes the same time however much is right.
        return header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(header[Scheme.Length..])), expected);
    }
}
