namespace ShopifyLlmGuard.Tests.Faults;

/// <summary>
/// Endpoints in pairs. Each pair has a jurisdiction of its own, so that one guard holds any number of them side by side and no
/// fault can be helped, or hurt, by another's endpoints: residency is a hard filter.
/// </summary>
internal sealed class FaultField : IAsyncDisposable
{
    private readonly List<FaultLane> lanes = [];
    private readonly List<(string Key, string Value)> endpoints = [];
    private int count;

    public FaultField(FaultTimes? times = null) => Llm = FaultyLlm.Start(times);

    public FaultyLlm Llm { get; }

    public IReadOnlyList<FaultLane> Lanes => lanes;

    /// <summary>The guard's settings for all endpoints.</summary>
    public IEnumerable<(string Key, string Value)> Settings => endpoints;

    /// <summary>Adds a pair, or a region of two and another region of one, whose first endpoint has this fault.</summary>
    public FaultLane Add(Fault fault, string name)
    {
        var proxy = fault.Way == Way.Proxied ? FaultProxy.Start(Llm.Port, fault.Wire) : null;
        var lane = new FaultLane(fault, name, $"{fault.Primary}.{name}-1", $"{fault.Secondary}.{name}-2", proxy);
        var broken = fault.Way switch
        {
            Way.Proxied => proxy!.Url,
            Way.Nowhere => $"http://{name}.invalid",
            Way.Tls => $"https://127.0.0.1:{Llm.Port}",
            _ => Llm.Url,
        };
        Endpoint(lane, 1, broken, lane.Primary, "first");
        Endpoint(lane, 2, fault.WholeRegion ? broken : Llm.Url, lane.Secondary, fault.WholeRegion ? "first" : "second");
        if (fault.WholeRegion)
        {
            Endpoint(lane, 3, Llm.Url, lane.Third, "second");
        }

        lanes.Add(lane);
        return lane;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var lane in lanes)
        {
            await (lane.Proxy?.DisposeAsync() ?? ValueTask.CompletedTask);
        }

        await Llm.DisposeAsync();
    }

    private void Endpoint(FaultLane lane, int number, string url, string model, string region)
    {
        var at = $"Llm:Endpoints:{count++}";
        endpoints.AddRange(
        [
            ($"{at}:Id", $"{lane.Name}-{number}"), ($"{at}:Url", url), ($"{at}:Model", model),
            ($"{at}:Region", $"{lane.Name}-{region}"), ($"{at}:Jurisdiction", lane.Jurisdiction),
        ]);
    }
}

/// <summary>A fault with its own endpoints.</summary>
internal sealed record FaultLane(Fault Fault, string Name, string Primary, string Secondary, FaultProxy? Proxy)
{
    /// <summary>Nobody else's.</summary>
    public string Jurisdiction => Name;

    public string Third => $"ok.{Name}-3";

    /// <summary>Where a right answer may come from.</summary>
    public bool Knows(string? model) => model is not null && (model == Primary || model == Secondary || model == Third);
}
