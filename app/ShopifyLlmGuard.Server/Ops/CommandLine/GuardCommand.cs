using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace ShopifyLlmGuard.Server.Ops.CommandLine;

/// <summary>The operator's command line: the server's own executable, called with a verb instead of as a server.</summary>
internal static class GuardCommand
{
    /// <summary>Whether these are an operator's words; a server's arguments begin with a dash or set a value.</summary>
    public static bool IsMeant(string[] words) => words is ["-h" or "--help", ..] || (words is [{ Length: > 0 } first, ..] && first[0] is not ('-' or '/') && !first.Contains('='));

    /// <summary>What needs no configuration: help, and a verb that does not exist. The exit code, or null when there is a verb to run.</summary>
    public static int? Answer(string[] words, TextWriter output)
    {
        if (words is ["-h" or "--help" or "help"])
        {
            output.WriteLine("guard VERB …: the operator's command line. Exit codes: 0 done, 1 failed, 2 wrong words. guard VERB --help tells more.\n");
            VerbTable.All.ToList().ForEach(verb => output.WriteLine($"  {verb.Name,-12} {verb.Summary}"));
            output.WriteLine("\nSettings come from the environment as for the server (ConnectionStrings__Guard, Guard__Servers__0, Shopify__TokenKey, …).");
            return 0;
        }

        var name = words[0] == "help" ? words[1] : words[0];
        if (Find(name) is not { } found)
        {
            output.WriteLine($"There is no verb '{name}'. Do you mean '{Nearest.Of(name, VerbTable.All.Select(verb => verb.Name))}'? guard --help lists all.");
            return 2;
        }

        return words[0] == "help" || words.Contains("--help") || words.Contains("-h") ? Help(found, output, 0) : null;
    }

    /// <summary>Runs the verb. What is wrong with configuration or database is a sentence, not a stack trace.</summary>
    public static async Task<int> RunAsync(IServiceProvider services, string[] words, TextWriter output)
    {
        try
        {
            return await Find(words[0])!.RunAsync(services, words[1..], output);
        }
        catch (OptionsValidationException wrong)
        {
            await output.WriteLineAsync($"The configuration is wrong: {string.Join(' ', wrong.Failures)}");
        }
        catch (Exception failure) when (failure is DbException or DbUpdateException or TimeoutException or InvalidOperationException)
        {
            await output.WriteLineAsync($"Nothing was changed: {failure.GetBaseException().Message}");
            await output.WriteLineAsync("What works without the database: guard bypass on --reason …");
        }

        return 1;
    }

    /// <summary>Says what is wrong with the words, and how they should be.</summary>
    public static int Refuse(Verb verb, IEnumerable<string> mistakes, TextWriter output)
    {
        mistakes.ToList().ForEach(output.WriteLine);
        return Help(verb, output, 2);
    }

    private static int Help(Verb verb, TextWriter output, int code)
    {
        output.WriteLine(verb.Summary);
        verb.Usage.ToList().ForEach(line => output.WriteLine($"  guard {line}"));
        return code;
    }

    private static Verb? Find(string name) => VerbTable.All.FirstOrDefault(verb => verb.Name == name);
}
