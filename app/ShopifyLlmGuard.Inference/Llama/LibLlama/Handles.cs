using System.Runtime.InteropServices;

namespace ShopifyLlmGuard.Inference.Llama.LibLlama;

internal sealed class ModelHandle() : SafeHandle(0, ownsHandle: true)
{
    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        Native.llama_model_free(handle);
        return true;
    }
}

internal sealed class ContextHandle() : SafeHandle(0, ownsHandle: true)
{
    private ModelHandle? _model;

    public override bool IsInvalid => handle == 0;

    /// <summary>Keeps the weights loaded for as long as the context lives.</summary>
    public void Hold(ModelHandle model)
    {
        var held = false;
        model.DangerousAddRef(ref held);
        _model = model;
    }

    protected override bool ReleaseHandle()
    {
        Native.llama_free(handle);
        _model?.DangerousRelease();
        return true;
    }
}

internal sealed class SamplerHandle() : SafeHandle(0, ownsHandle: true)
{
    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        Native.llama_sampler_free(handle);
        return true;
    }
}
