namespace ShopifyLlmGuard.Inference.Llama.Gpu;

/// <summary>What a model file's header says about the memory that the model takes.</summary>
/// <param name="Bytes">The weights, in all files of the model.</param>
/// <param name="Layers">Blocks, without the output layer.</param>
/// <param name="KeyValueBytes">Keys and values of one token in all layers, in half precision.</param>
/// <param name="TrainedContext">The longest sequence that the model was trained on, in tokens.</param>
internal sealed record ModelShape(long Bytes, int Layers, long KeyValueBytes, int TrainedContext)
{
    /// <param name="numbers">The header's whole numbers; what a header leaves out counts as zero.</param>
    /// <param name="length">The file's length in bytes.</param>
    public static ModelShape Of(IReadOnlyDictionary<string, long> numbers, long length)
    {
        long? Find(string key) => numbers.FirstOrDefault(each => each.Key.EndsWith(key, StringComparison.Ordinal)) is { Key: not null } found
            ? Math.Clamp(found.Value, 0, int.MaxValue)
            : null;
        var layers = Find(".block_count") ?? 0;
        var heads = Math.Max(Find(".attention.head_count") ?? 1, 1);
        var width = (Find(".embedding_length") ?? 0) / heads;
        var perHead = (Find(".attention.key_length") ?? width) + (Find(".attention.value_length") ?? width);
        // Some models list a number for each layer, which is not read here: all heads is the most it can be.
        var shared = Find(".attention.head_count_kv") ?? heads;
        return new ModelShape(
            length * Math.Max(Find("split.count") ?? 1, 1), (int)layers, layers * shared * perHead * sizeof(ushort), (int)(Find(".context_length") ?? 0));
    }
}
