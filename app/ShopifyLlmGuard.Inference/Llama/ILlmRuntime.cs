namespace ShopifyLlmGuard.Inference.Llama;

/// <summary>
/// One way to reach llama.cpp. Scheduler, admission, prompts and the API stand above and know neither implementation;
/// every range check that llama.cpp answers with an abort is made once, in <see cref="CheckedRuntime"/>.
/// </summary>
internal interface ILlmRuntime
{
    /// <summary>Which library answers, for the start-up log.</summary>
    string Name { get; }

    /// <summary>A backend is there that can compute on a device other than the processor; models are put there when it is.</summary>
    bool Offloads { get; }

    /// <summary>Loads a GGUF file.</summary>
    /// <exception cref="ModelLoadException">The file is not a model that this runtime can serve.</exception>
    ILlmModel Load(string path, ModelSettings settings);
}

/// <param name="CheckTensors">Reads every weight once and refuses values that are not numbers.</param>
internal sealed record ModelSettings(bool CheckTensors);

/// <summary>A model file cannot be served; the message is one plain sentence about why.</summary>
internal sealed class ModelLoadException(string message) : Exception(message);
