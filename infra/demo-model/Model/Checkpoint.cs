using static TorchSharp.torch;

namespace ShopifyLlmGuard.DemoModel.Model;

/// <summary>A training's state on disk: the step and every tensor by name, as plain floats.</summary>
internal static class Checkpoint
{
    public static void Save(string path, int step, IEnumerable<KeyValuePair<string, Tensor>> tensors)
    {
        using (var writer = new BinaryWriter(File.Create(path + ".new")))
        {
            writer.Write(step);
            foreach (var (name, value) in tensors)
            {
                var data = value.detach().data<float>().ToArray();
                writer.Write(name);
                writer.Write(data.Length);
                writer.Write(System.Runtime.InteropServices.MemoryMarshal.AsBytes(data.AsSpan()));
            }

            writer.Write("");
        }

        File.Move(path + ".new", path, overwrite: true);
    }

    /// <summary>Fills the tensors that the file names; returns the step after which it was saved.</summary>
    public static int Load(string path, IReadOnlyDictionary<string, Tensor> tensors)
    {
        using var noGradients = no_grad();
        using var reader = new BinaryReader(File.OpenRead(path));
        var step = reader.ReadInt32();
        while (reader.ReadString() is { Length: > 0 } name)
        {
            var data = new float[reader.ReadInt32()];
            reader.BaseStream.ReadExactly(System.Runtime.InteropServices.MemoryMarshal.AsBytes(data.AsSpan()));
            if (tensors.TryGetValue(name, out var into))
            {
                using var loaded = tensor(data);
                into.copy_(loaded.view(into.shape));
            }
        }

        return step;
    }
}
