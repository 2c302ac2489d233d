using ShopifyLlmGuard.Inference.Llama;
using ShopifyLlmGuard.Inference.Llama.LibLlama;

namespace ShopifyLlmGuard.Inference.Engine;

/// <summary>The one place that knows which runtime was compiled in.</summary>
internal static class Runtimes
{
    /// <param name="library">A llama.cpp library file or folder to use instead of the built-in one; null or empty for that.</param>
    /// <param name="loggers">Get llama.cpp's own messages.</param>
    public static ILlmRuntime Create(string? library, ILoggerFactory loggers) =>
        new CheckedRuntime(new LibLlamaRuntime(library, loggers.CreateLogger<LibLlamaRuntime>()));
}
