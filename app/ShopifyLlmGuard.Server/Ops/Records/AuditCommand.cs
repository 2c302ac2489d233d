using System.Data.Common;
using System.Globalization;
using ShopifyLlmGuard.Compliance;

namespace ShopifyLlmGuard.Server.Ops.Records;

/// <summary>The operator's command line for the audit trail: <c>audit verify</c>. Exit code 1 when anything is wrong with it.</summary>
internal sealed class AuditCommand(AuditDesk desk)
{
    public const string Usage = """
        ShopifyLlmGuard.Server audit verify [--kept SEQUENCE:SEAL]
        """;

    public async Task<int> RunAsync(string[] words, TextWriter output)
    {
        try
        {
            return words switch
            {
                ["verify"] => await VerifyAsync(null, output),
                ["verify", "--kept", var text] when Kept(text) is { } kept => await VerifyAsync(kept, output),
                _ => await SayAsync(output, Usage, 2),
            };
        }
        catch (Exception failure) when (failure is DbException or InvalidOperationException or TimeoutException)
        {
            return await SayAsync(output, $"The database did not answer: {failure.GetBaseException().Message}", 1);
        }
    }

    private async Task<int> VerifyAsync((long Sequence, string Seal)? kept, TextWriter output)
    {
        var report = await desk.VerifyAsync(kept);
        foreach (var problem in report.Problems)
        {
            await output.WriteLineAsync($"{problem.Kind} at {problem.Sequence}");
        }

        var last = report.LastSeal is null ? "" : $" The last one is {report.LastSequence}:{report.LastSeal}; whoever keeps that elsewhere finds an old copy of the table with --kept.";
        return report.Problems.Count == 0
            ? await SayAsync(output, $"The audit trail is sound and complete: {report.Entries} entries.{last}", 0)
            : await SayAsync(output, $"The audit trail has been tampered with: {report.Problems.Count} problems in {report.Entries} entries.", 1);
    }

    private static (long, string)? Kept(string text) =>
        text.Split(':') is [var place, { Length: > 0 } seal] && long.TryParse(place, NumberStyles.None, CultureInfo.InvariantCulture, out var sequence)
            ? (sequence, seal) : null;

    private static async Task<int> SayAsync(TextWriter output, string words, int code)
    {
        await output.WriteLineAsync(words);
        return code;
    }
}
