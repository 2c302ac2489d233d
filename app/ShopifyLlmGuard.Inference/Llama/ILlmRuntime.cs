using ShopifyLlmGuard.Inference.Llama.Gpu;

namespace ShopifyLlmGuard.Inference.Llama;

/// <summary>
/// One way to reach llama.cpp. Scheduler, admission, prompts and the API stand above and know neither implementation;
/// every range check that llama.cpp answers with an abort is made once, in <see cref="CheckedRuntime"/>.
/// </summary>
internal interface ILlmRuntime
{
    /// <summary>Which library answers, for the start-up log.</summary>
    string Name { get; }

    /// <summary>The GPUs that it can compute on.</summary>
    IReadOnlyList<LlmDevice> Devices { get; }

    /// <summary>Loads a GGUF file.</summary>
    /// <exception cref="ModelLoadException">The file is not a model that this runtime can serve.</exception>
    ILlmModel Load(string path, ModelSettings settings);
}

/// <param name="CheckTensors">Reads every weight once and refuses values that are not numbers.</param>
/// <param name="Cells">Tokens that all sequences will hold together; 0 is what a context has by default.</param>
internal sealed record ModelSettings(bool CheckTensors, int Cells = 0)
{
    /// <summary>Behind <see cref="CheckedRuntime"/> the layers are always a number.</summary>
    public GpuSettings Gpu { get; init; } = GpuSettings.Automatic;
}

/// <summary>A model file cannot be served; the message is one plain sentence about why.</summary>
internal sealed class ModelLoadException(string message) : Exception(message);
