using ShopifyLlmGuard.Inference.Llama;
#if PUBLIC_FEED
using ShopifyLlmGuard.Inference.Llama.LLamaSharp;
#else
using ShopifyLlmGuard.Inference.Llama.LibLlama;
#endif

namespace ShopifyLlmGuard.Inference.Engine;

/// <summary>The one place that knows which runtime was compiled in.</summary>
internal static class Runtimes
{
    /// <param name="library">A llama.cpp library file or folder to use instead of the built-in one; null or empty for that.</param>
    /// <param name="loggers">Get llama.cpp's own messages.</param>
    public static ILlmRuntime Create(string? library, ILoggerFactory loggers) =>
#if PUBLIC_FEED
        new CheckedRuntime(new LLamaSharpRuntime(library, loggers.CreateLogger<LLamaSharpRuntime>()));
#else
        new CheckedRuntime(new LibLlamaRuntime(library, loggers.CreateLogger<LibLlamaRuntime>()));
#endif
}
