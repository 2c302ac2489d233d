using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using ShopifyLlmGuard.Inference.Engine;
using ShopifyLlmGuard.Inference.Llama;

namespace ShopifyLlmGuard.Inference.Tests;

/// <summary>Model files for tests; generated once per test run.</summary>
internal static class Models
{
    private static readonly Lazy<string> Folder = new(() => Directory.CreateTempSubdirectory("llm-guard-models-").FullName);
    private static readonly Lazy<string> LazyEndless = new(() => new TinyModel().Write(NewPath()));

    private static readonly Lazy<string> LazyEcho = new(() => new TinyModel { Echoes = true }.Write(NewPath()));

    static Models() => AppDomain.CurrentDomain.ProcessExit += (_, _) =>
    {
        if (Folder.IsValueCreated)
        {
            Directory.Delete(Folder.Value, recursive: true);
        }
    };

    /// <summary>Random weights; an answer goes on until its token limit.</summary>
    public static string Endless => LazyEndless.Value;

    /// <summary>Says the letter of its prompt again and again.</summary>
    public static string Echo => LazyEcho.Value;

    /// <summary>The model that the repository ships.</summary>
    public static string Demo { get; } = Path.Combine(Root(), "infra/demo-model/carewell-demo.gguf");

    /// <summary>Loads with the runtime that was compiled in; the same tests hold for each.</summary>
    public static ILlmModel Load(string path, bool checkTensors = true) =>
        Runtimes.Create(Settings, NullLoggerFactory.Instance).Load(path, new ModelSettings(checkTensors));

    /// <summary>The environment's, as the host reads them.</summary>
    private static RuntimeSettings Settings { get; } = RuntimeSettings.Read(
        new ConfiguredValues(new ConfigurationBuilder().AddEnvironmentVariables().Build().GetSection("Inference")),
        Environment.GetEnvironmentVariable("LLAMA_LIBRARY"));

    public static string NewPath(string name = "tiny.gguf") =>
        Path.Combine(Directory.CreateDirectory(Path.Combine(Folder.Value, Guid.NewGuid().ToString("N"))).FullName, name);

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "ShopifyLlmGuard.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("The repository's root was not found.");
    }
}
