using System.Globalization;
using Microsoft.EntityFrameworkCore;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Protections;

namespace ShopifyLlmGuard.Server.Ops.CommandLine;

/// <summary>When each protection last really acted, or was last drilled, and how fast.</summary>
internal static class ProtectionsVerb
{
    public static Verb Verb { get; } = new("protections", ["protections"], "Tells of each protection when it last proved itself; exit code 1 while one is unproven.", RunAsync);

    private static async Task<int> RunAsync(IServiceProvider services, string[] words, TextWriter output)
    {
        if (words.Length > 0)
        {
            return GuardCommand.Refuse(Verb, [$"'{words[0]}' is one word too many."], output);
        }

        await using var db = await services.GetRequiredService<IDbContextFactory<GuardDb>>().CreateDbContextAsync();
        var proofs = await db.ProtectionProofs.AsNoTracking().ToListAsync();
        foreach (var protection in Enum.GetValues<Protection>())
        {
            await output.WriteLineAsync($"{protection.Key(),-21} acted: {Tell(proofs, protection, false),-44} drilled: {Tell(proofs, protection, true)}".TrimEnd());
        }

        return Enum.GetValues<Protection>().All(protection => proofs.Exists(proof => proof.Protection == protection)) ? 0 : 1;
    }

    private static string Tell(List<ProtectionProof> proofs, Protection protection, bool drilled) =>
        proofs.Find(proof => proof.Protection == protection && proof.Drilled == drilled) is { } proof
            ? string.Create(CultureInfo.InvariantCulture, $"{proof.At:u} in {proof.Milliseconds:0} ms on {proof.Server}")
            : proofs.Exists(proof => proof.Protection == protection) ? "never" : "UNPROVEN";
}
