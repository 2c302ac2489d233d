namespace ShopifyLlmGuard.Inference.Llama;

/// <summary>
/// Puts every check between a caller and a runtime that llama.cpp itself answers by ending the process:
/// token ids, sequence ids, batch sizes, copy ranges, use after disposal, use from two threads.
/// </summary>
internal sealed class CheckedRuntime(ILlmRuntime inner) : ILlmRuntime
{
    public string Name => inner.Name;

    public bool Offloads => inner.Offloads;

    public ILlmModel Load(string path, ModelSettings settings)
    {
        GgufFile.Inspect(path);
        var model = inner.Load(path, settings);
        if (model.VocabularySize < 1)
        {
            model.Dispose();
            throw new ModelLoadException("it has no vocabulary");
        }

        return new CheckedModel(model);
    }
}
