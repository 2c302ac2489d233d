using Microsoft.Extensions.Logging.Abstractions;

namespace ShopifyLlmGuard.Inference.Llama;

/// <summary>llama.cpp's chatter, which otherwise goes to the console: into the log at Debug.</summary>
internal static partial class LlamaLog
{
    /// <summary>llama.cpp's level of an error.</summary>
    public const int Error = 4;

    private static ILogger _target = NullLogger.Instance;
    private static string? _firstError;

    public static ILogger Target
    {
        set => Volatile.Write(ref _target, value);
    }

    /// <summary>The first error that llama.cpp reported since the last call, which names the cause; null when there was none.</summary>
    public static string? TakeError() => Interlocked.Exchange(ref _firstError, null);

    /// <summary>Called by native threads: an exception that left this method would end the process.</summary>
    public static void Receive(int level, string? text)
    {
        try
        {
            var line = text?.Trim();
            if (string.IsNullOrEmpty(line) || line.All(mark => mark == '.'))
            {
                return;
            }

            if (level == Error)
            {
                Interlocked.CompareExchange(ref _firstError, line[(line.IndexOf(": ", StringComparison.Ordinal) + 1)..].Trim(), null);
            }

            Log.Said(Volatile.Read(ref _target), line);
        }
        catch (Exception)
        {
            // Nothing to be done about a log line that cannot be written.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Debug, "llama.cpp: {Line}")]
        public static partial void Said(ILogger logger, string line);
    }
}
