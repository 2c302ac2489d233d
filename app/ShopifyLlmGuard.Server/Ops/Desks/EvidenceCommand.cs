using System.Data.Common;
using ShopifyLlmGuard.Compliance;

namespace ShopifyLlmGuard.Server.Ops.Desks;

/// <summary>The compliance officer's command line: <c>evidence verify</c> and <c>evidence receipts</c>.</summary>
internal sealed class EvidenceCommand(EvidenceDesk desk)
{
    private const string Usage = """
        ShopifyLlmGuard.Server evidence verify [--shop SHOP] [--receipts FILE]
        ShopifyLlmGuard.Server evidence receipts [--shop SHOP] > FILE        keep it where the database's owner cannot reach it
        """;

    /// <summary>Does what the words say; the exit code of the process: 1 when the evidence is not sound.</summary>
    public async Task<int> RunAsync(string[] words, TextWriter output)
    {
        try
        {
            return words switch
            {
                ["verify"] => await VerifyAsync(null, null, output),
                ["verify", "--shop", var shop] => await VerifyAsync(shop, null, output),
                ["verify", "--receipts", var file] => await VerifyAsync(null, file, output),
                ["verify", "--shop", var shop, "--receipts", var file] => await VerifyAsync(shop, file, output),
                ["receipts"] => await ReceiptsAsync(null, output),
                ["receipts", "--shop", var shop] => await ReceiptsAsync(shop, output),
                _ => await SayAsync(output, Usage, 2),
            };
        }
        catch (Exception failure) when (failure is DbException or InvalidOperationException or TimeoutException)
        {
            return await SayAsync(output, $"The database did not do that: {failure.GetBaseException().Message}", 1);
        }
        catch (IOException unreadable)
        {
            return await SayAsync(output, unreadable.Message, 2);
        }
    }

    private async Task<int> VerifyAsync(string? shop, string? file, TextWriter output)
    {
        var receipts = file is null ? [] : (await File.ReadAllLinesAsync(file)).Where(line => line.Length > 0);
        var report = await desk.VerifyAsync(shop, receipts);
        foreach (var problem in report.Problems)
        {
            await output.WriteLineAsync($"{problem.Kind}  {problem.Chain}  {problem.Sequence}");
        }

        await output.WriteLineAsync($"{report.Records} records in {report.Chains} chains: {(report.ProblemCount == 0 ? "sound" : $"{report.ProblemCount} problems")}.");
        if (file is null)
        {
            await output.WriteLineAsync("Without receipts of an earlier day nobody can tell whether a chain was deleted together with its head.");
        }

        return report.ProblemCount == 0 ? 0 : 1;
    }

    private async Task<int> ReceiptsAsync(string? shop, TextWriter output)
    {
        await foreach (var line in desk.ReceiptsAsync(shop))
        {
            await output.WriteLineAsync(line);
        }

        return 0;
    }

    private static async Task<int> SayAsync(TextWriter output, string words, int code)
    {
        await output.WriteLineAsync(words);
        return code;
    }
}
