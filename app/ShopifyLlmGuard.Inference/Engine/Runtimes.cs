using ShopifyLlmGuard.Inference.Llama;
using ShopifyLlmGuard.Inference.Llama.LibLlama;
#if LLAMASHARP
using ShopifyLlmGuard.Inference.Llama.LLamaSharp;
#endif

namespace ShopifyLlmGuard.Inference.Engine;

/// <summary>The one place that knows which runtimes were compiled in.</summary>
internal static class Runtimes
{
    private static string? _inUse;

    /// <summary>The first one is used unless <c>Inference:Runtime</c> names another.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
#if LLAMASHARP
        "LLamaSharp",
#endif
        "LibLlama",
    ];

    /// <exception cref="ModelLoadException">This process uses another runtime already: both bring a <c>libggml-base.so</c>,
    /// the system loads only one of that name, and the two releases do not fit together.</exception>
    public static ILlmRuntime Create(RuntimeSettings settings, ILoggerFactory loggers)
    {
        var name = settings.Name ?? Names[0];
        if (Interlocked.CompareExchange(ref _inUse, name, null) is { } used && used != name)
        {
            throw new ModelLoadException($"this process uses {used} already, and cannot use {name} too");
        }

        return new CheckedRuntime(name switch
        {
#if LLAMASHARP
            "LLamaSharp" => new LLamaSharpRuntime(
                settings.Library, settings.Gpu.Layers != 0, loggers.CreateLogger<LLamaSharpRuntime>()),
#endif
            _ => new LibLlamaRuntime(settings.Library, loggers.CreateLogger<LibLlamaRuntime>()),
        });
    }
}
