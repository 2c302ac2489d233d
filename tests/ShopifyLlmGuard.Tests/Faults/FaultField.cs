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

    private readonly bool wellAtFirst;

    /// <param name="times">How long faults last.</param>
    /// <param name="wellAtFirst">Nothing is broken until it is told to be, so that no probe can know of it before a call does.</param>
    public FaultField(FaultTimes? times = null, bool wellAtFirst = false)
    {
        Llm = FaultyLlm.Start(times);
        Llm.IsWell = this.wellAtFirst = wellAtFirst;
    }

    public FaultyLlm Llm { get; }

    public IReadOnlyList<FaultLane> Lanes => lanes;

    /// <summary>The guard's settings for all endpoints.</summary>
    public IEnumerable<(string Key, string Value)> Settings => endpoints;

    /// <summary>Adds a pair, or a region of two and another region of one, whose first endpoint has this fault.</summary>
    public FaultLane Add(Fault fault, string name)
    {
        var lane = new FaultLane(fault, name, fault.Way == Way.Proxied ? FaultProxy.Start(Llm.Port, wellAtFirst ? WireFault.None : fault.Wire) : null);
        foreach (var (url, model) in lane.Targets(Llm))
        {
            Endpoint(lane, url, model, isFirstRegion: model == lane.Primary || (fault.WholeRegion && model == lane.Secondary));
        }

        lanes.Add(lane);
        return lane;
    }

    /// <summary>Breaks everything as its fault says. What leads nowhere from the start, such as an unknown name, always did.</summary>
    public void Break()
    {
        Llm.Break();
        lanes.ForEach(lane => lane.Proxy?.Set(lane.Fault.Wire));
    }

    /// <summary>Breaks one lane alone, so that nobody has seen it fail before the call that follows.</summary>
    public void Break(FaultLane lane)
    {
        Llm.Break(lane.Name);
        lane.Proxy?.Set(lane.Fault.Wire);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var lane in lanes)
        {
            await (lane.Proxy?.DisposeAsync() ?? ValueTask.CompletedTask);
        }

        await Llm.DisposeAsync();
    }

    private void Endpoint(FaultLane lane, string url, string model, bool isFirstRegion)
    {
        var at = $"Llm:Endpoints:{count++}";
        endpoints.AddRange(
        [
            ($"{at}:Id", model.Split('.')[1]), ($"{at}:Url", url), ($"{at}:Model", model),
            ($"{at}:Region", $"{lane.Name}-{(isFirstRegion ? "first" : "second")}"), ($"{at}:Jurisdiction", lane.Jurisdiction),
            // One machine plays them all, and the broken one is asked first, as often as lots allow it.
            ($"{at}:Device", model), ($"{at}:Weight", model == lane.Primary ? "1000" : "1"), ($"{at}:Concurrency", "1000"),
        ]);
    }
}

/// <summary>A fault with its own endpoints.</summary>
internal sealed record FaultLane(Fault Fault, string Name, FaultProxy? Proxy)
{
    /// <summary>Nobody else's.</summary>
    public string Jurisdiction => Name;

    public string Primary => $"{Fault.Primary}.{Name}-1";
    public string Secondary => $"{Fault.Secondary}.{Name}-2";
    public string Third => $"ok.{Name}-3";

    /// <summary>Where a right answer may come from.</summary>
    public bool Knows(string? model) => model is not null && (model == Primary || model == Secondary || model == Third);

    /// <summary>The addresses to try, in this order.</summary>
    public IEnumerable<(string Url, string Model)> Targets(FaultyLlm llm)
    {
        var broken = Fault.Way switch
        {
            Way.Proxied => Proxy!.Url,
            Way.Nowhere => $"http://{Name}.invalid",
            Way.Tls => $"https://127.0.0.1:{llm.Port}",
            _ => Fault.Url ?? (Fault.HidesNothing ? $"{llm.Url}/{Primary}" : llm.Url),
        };
        yield return (broken, Primary);
        yield return (Fault.WholeRegion ? broken : llm.Url, Secondary);
        if (Fault.WholeRegion)
        {
            yield return (llm.Url, Third);
        }
    }
}
