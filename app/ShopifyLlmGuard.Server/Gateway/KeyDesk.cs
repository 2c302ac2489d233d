using System.Data.Common;
using System.Globalization;
using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Gateway;
using ShopifyLlmGuard.Llm;

namespace ShopifyLlmGuard.Server.Gateway;

/// <summary>The operator's command line for gateway keys: <c>keys add NAME</c>, <c>keys list</c>, <c>keys revoke ID</c>.</summary>
internal sealed class KeyDesk(GatewayKeys keys, IOptions<LlmOptions> llm, TimeProvider clock)
{
    private const string Usage = """
        ShopifyLlmGuard.Server keys add NAME [--jurisdiction EU]... [--per-minute 60] [--at-once 4] [--days 365]
        ShopifyLlmGuard.Server keys list
        ShopifyLlmGuard.Server keys revoke ID
        """;

    /// <summary>Does what the words say; the exit code of the process.</summary>
    public async Task<int> RunAsync(string[] words, TextWriter output)
    {
        try
        {
            return words switch
            {
                ["add", var name, .. var options] when RequestOf(name, options) is { } request => request.AtOnce > Places
                    ? await SayAsync(output, $"--at-once {request.AtOnce} would be useless: one caller has {Places} places at once (Llm:Bulkhead:PerShop).", 2)
                    : await AddAsync(request, output),
                ["list"] => await ListAsync(output),
                ["revoke", var id] => await RevokeAsync(id, output),
                _ => await SayAsync(output, Usage, 2),
            };
        }
        catch (Exception failure) when (failure is DbException or InvalidOperationException or TimeoutException)
        {
            return await SayAsync(output, $"The database did not do that: {failure.GetBaseException().Message}", 1);
        }
    }

    private async Task<int> AddAsync(GatewayKeyRequest request, TextWriter output)
    {
        var (key, secret) = await keys.AddAsync(request);
        await output.WriteLineAsync(secret);
        return await SayAsync(output, $"This is the key of {key.Name} ({key.Id}). It is not kept anywhere and cannot be shown again.", 0);
    }

    private async Task<int> ListAsync(TextWriter output)
    {
        foreach (var key in await keys.ListAsync())
        {
            var state = key.RevokedAt is { } revoked ? $"revoked {revoked:yyyy-MM-dd} by {key.RevokedBy}"
                : key.ExpiresAt is not { } expires ? "good" : expires > clock.GetUtcNow() ? $"good until {expires:yyyy-MM-dd}" : $"expired {expires:yyyy-MM-dd}";
            await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
                $"{key.Id}  {key.Name}  {string.Join(',', key.Jurisdictions)}  {key.PerMinute}/min  {key.AtOnce} at once  since {key.CreatedAt:yyyy-MM-dd} by {key.CreatedBy}  {state}"));
        }

        return 0;
    }

    private async Task<int> RevokeAsync(string id, TextWriter output) => await keys.RevokeAsync(id, Environment.UserName)
        ? await SayAsync(output, $"{id} is revoked.", 0)
        : await SayAsync(output, $"No key {id} is good.", 1);

    // The router gives no caller more, whatever its key says.
    private int Places => llm.Value.Bulkhead.PerShop;

    private GatewayKeyRequest? RequestOf(string name, string[] options)
    {
        var request = new GatewayKeyRequest(name, [], 60, Math.Min(4, Places), null, Environment.UserName);
        for (var at = 0; at < options.Length; at += 2)
        {
            var value = at + 1 < options.Length ? options[at + 1] : "";
            var number = int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var given) && given > 0 ? given : 0;
            switch (options[at])
            {
                case "--jurisdiction" when value.Length > 0: request = request with { Jurisdictions = [.. request.Jurisdictions, value] }; break;
                case "--per-minute" when number > 0: request = request with { PerMinute = number }; break;
                case "--at-once" when number > 0: request = request with { AtOnce = number }; break;
                case "--days" when number > 0: request = request with { For = TimeSpan.FromDays(number) }; break;
                default: return null;
            }
        }

        return name.StartsWith('-') ? null
            : request.Jurisdictions.Count > 0 ? request : request with { Jurisdictions = Shops.Shop.DefaultJurisdictions };
    }

    private static async Task<int> SayAsync(TextWriter output, string words, int code)
    {
        await output.WriteLineAsync(words);
        return code;
    }
}
