namespace ShopifyLlmGuard.Server.Ops.CommandLine;

/// <summary>One word of the operator's command line.</summary>
/// <param name="Name">The word.</param>
/// <param name="Usage">What may follow it, one line for each form.</param>
/// <param name="Summary">What it is for, one sentence.</param>
/// <param name="RunAsync">Does it; the exit code: 0 done, 1 failed, 2 wrong words.</param>
internal sealed record Verb(string Name, IReadOnlyList<string> Usage, string Summary, Func<IServiceProvider, string[], TextWriter, Task<int>> RunAsync);
