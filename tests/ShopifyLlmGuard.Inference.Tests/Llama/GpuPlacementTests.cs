using ShopifyLlmGuard.Inference.Llama;
using ShopifyLlmGuard.Inference.Llama.Gpu;

namespace ShopifyLlmGuard.Inference.Tests.Llama;

/// <summary>How many layers go to a GPU; a table of what is free, what the model takes, and what follows.</summary>
public sealed class GpuPlacementTests
{
    private const long G = 1L << 30;

    // A model of 8 billion parameters: 32 layers, eight key-value heads of 128, in Q8_0 and in Q4_K_M.
    private static readonly ModelShape Large = new(Bytes: 8 * G, Layers: 32, KeyValueBytes: 128 << 10, TrainedContext: 131072);
    private static readonly ModelShape Small = Large with { Bytes = 4 * G };

    [Theory]
    [InlineData(0, 0, 8192, 0)]         // no memory at all
    [InlineData(8, 0, 8192, 0)]         // all of it in use
    [InlineData(80, 79, 8192, 33)]      // everything fits, the output layer too
    [InlineData(12, 11.8, 8192, 33)]    // 10.6 GB usable for 9 GB
    [InlineData(8, 7.5, 8192, 23)]      // 6.7 GB usable at 0.28 GB a layer
    [InlineData(8, 7.5, 65536, 13)]     // the same card with 8 GB of keys and values
    [InlineData(4, 1, 8192, 1)]         // half a gigabyte stays free
    [InlineData(4, 0.6, 8192, 0)]       // less than one layer
    public void Layers_are_fitted_to_the_free_memory(double total, double free, int cells, int layers) =>
        Assert.Equal(layers, GpuPlacement.Layers(GpuSettings.Automatic, [Device(total, free)], Large, cells));

    [Theory]
    [InlineData(null, 33)]   // 4.6 GB over both cards for 4.5
    [InlineData(0, 9)]       // 1.3 GB usable on the first
    [InlineData(1, 23)]      // 3.3 GB on the second
    public void Several_cards_add_up_unless_one_is_named(int? only, int layers) =>
        Assert.Equal(
            layers,
            GpuPlacement.Layers(GpuSettings.Automatic with { Only = only }, [Device(4, 1.8), Device(6, 3.9)], Small, 4096));

    [Theory]
    [InlineData(0)]
    [InlineData(20)]
    [InlineData(999)]
    public void A_number_is_taken_as_it_is(int layers) =>
        Assert.Equal(layers, GpuPlacement.Layers(new GpuSettings(layers, null, []), [Device(4, 0.1)], Large, 8192));

    [Fact]
    public void Without_a_card_the_processor_computes_all() =>
        Assert.Equal(0, GpuPlacement.Layers(GpuSettings.Automatic, [], Large, 8192));

    [Theory]
    [InlineData(20, null, 0)]
    [InlineData(null, 2, 2)]
    [InlineData(5, 1, 1)]
    public void A_card_that_is_wanted_and_missing_is_an_error(int? layers, int? only, int cards)
    {
        var devices = Enumerable.Repeat(Device(8, 8), cards).ToList();

        Assert.Throws<ModelLoadException>(() => GpuPlacement.Layers(new GpuSettings(layers, only, []), devices, Large, 8192));
    }

    [Fact]
    public void The_shape_is_read_from_the_file()
    {
        var shape = GgufFile.Inspect(Models.Endless).Shape;

        // Two layers, 64 wide, a key and a value of two bytes each.
        Assert.Equal(new ModelShape(new FileInfo(Models.Endless).Length, 2, 2 * (64 + 64) * 2, 16384), shape);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1 << 20)]
    [InlineData(32, 1 << 20)]
    public void More_memory_never_means_fewer_layers(int layers, int cells)
    {
        var shape = Large with { Layers = layers };
        var fits = Enumerable.Range(0, 200).Select(step => GpuPlacement.Fit(step * G, shape, cells)).ToList();

        Assert.Equal(fits.Order(), fits);
        Assert.All(fits, fit => Assert.InRange(fit, 0, layers + 1));
    }

    private static LlmDevice Device(double total, double free) => new("GPU", (long)(free * G), (long)(total * G));
}
