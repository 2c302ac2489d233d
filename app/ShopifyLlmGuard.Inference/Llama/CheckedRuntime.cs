using ShopifyLlmGuard.Inference.Llama.Gpu;

namespace ShopifyLlmGuard.Inference.Llama;

/// <summary>
/// Puts every check between a caller and a runtime that llama.cpp itself answers by ending the process:
/// token ids, sequence ids, batch sizes, copy ranges, use after disposal, use from two threads.
/// </summary>
internal sealed class CheckedRuntime(ILlmRuntime inner) : ILlmRuntime
{
    public string Name => inner.Name;

    public IReadOnlyList<LlmDevice> Devices => inner.Devices;

    public ILlmModel Load(string path, ModelSettings settings)
    {
        var shape = GgufFile.Inspect(path).Shape;
        var cells = ContextSettings.CellsFor(settings.Cells, shape.TrainedContext);
        var layers = GpuPlacement.Layers(settings.Gpu, inner.Devices, shape, cells);
        var model = inner.Load(path, settings with { Gpu = settings.Gpu with { Layers = layers } });
        if (model.VocabularySize < 1)
        {
            model.Dispose();
            throw new ModelLoadException("it has no vocabulary");
        }

        return new CheckedModel(model);
    }
}
