using System.Text.Json;
using Microsoft.Extensions.Options;

namespace ShopifyLlmGuard.Simulator.Shop;

/// <summary>What Shopify still knows when this program starts again; nothing without a <see cref="SimulatorOptions.DataDirectory"/>.</summary>
internal sealed class Memory(IOptions<SimulatorOptions> options)
{
    public T? Recall<T>(string name)
        where T : class =>
        PathOf(name) is { } path && File.Exists(path) ? JsonSerializer.Deserialize<T>(File.ReadAllBytes(path)) : null;

    public void Keep<T>(string name, T value)
    {
        if (PathOf(name) is { } path)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path + ".new", JsonSerializer.SerializeToUtf8Bytes(value));
            File.Move(path + ".new", path, overwrite: true);
        }
    }

    private string? PathOf(string name) => options.Value.DataDirectory is { Length: > 0 } folder ? Path.Combine(folder, name + ".json") : null;
}
