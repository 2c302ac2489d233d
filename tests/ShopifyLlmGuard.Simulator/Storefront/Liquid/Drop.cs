using Fluid;
using Fluid.Values;

namespace ShopifyLlmGuard.Simulator.Storefront.Liquid;

/// <summary>
/// A Liquid object with a fixed list of members, made when they are read. Shopify answers a misspelled member with nothing;
/// here it is an error, so that a typo cannot hide behind an empty page.
/// </summary>
internal sealed class Drop(string name, IReadOnlyDictionary<string, Func<object?>> members) : FluidValue
{
    /// <summary>Answers members that are not listed: handles, metafield namespaces.</summary>
    public Func<string, object?>? Otherwise { get; init; }

    /// <summary>What <c>{{ object }}</c> prints: most objects print nothing useful.</summary>
    public string Text { get; init; } = "";

    public override FluidValues Type => FluidValues.Object;

    public static Drop Of(string name, params (string Name, Func<object?> Value)[] members) =>
        new(name, members.ToDictionary(member => member.Name, member => member.Value));

    public override ValueTask<FluidValue> GetValueAsync(string key, TemplateContext context)
    {
        if (members.TryGetValue(key, out var member))
        {
            return Create(member(), context.Options);
        }

        return Otherwise is not null
            ? Create(Otherwise(key), context.Options)
            : throw new FluidException($"Undefined variable '{name}.{key}'");
    }

    public override ValueTask<FluidValue> GetIndexAsync(FluidValue index, TemplateContext context) =>
        GetValueAsync(index.ToStringValue(), context);

    public override bool Equals(FluidValue? other) => ReferenceEquals(this, other);

    public override bool Equals(object? obj) => ReferenceEquals(this, obj);

    public override int GetHashCode() => name.GetHashCode(StringComparison.Ordinal);

    public override bool ToBooleanValue() => true;

    public override decimal ToNumberValue() => 0;

    public override string ToStringValue() => Text;

    public override object ToObjectValue() => this;
}
