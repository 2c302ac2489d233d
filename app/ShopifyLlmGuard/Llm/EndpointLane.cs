using System.Diagnostics.Metrics;
using Microsoft.Extensions.Options;
using Polly;

namespace ShopifyLlmGuard.Llm;

/// <summary>An endpoint with everything that this server keeps about it: client, breaker, recent traffic.</summary>
internal sealed class EndpointLane : IDisposable
{
    private readonly ResiliencePipeline<Attempt> pipeline;

    public EndpointLane(LlmEndpoint endpoint, LlmOptions llm, TimeOptions times, TimeProvider clock)
    {
        Endpoint = endpoint;
        Client = new EndpointClient(endpoint, times);
        Breaker = new EndpointBreaker(llm.Breaker, clock, trialAtMost: times.Promise * 2);
        Traffic = new EndpointTraffic(clock);
        pipeline = new ResiliencePipelineBuilder<Attempt> { Name = endpoint.Id, TimeProvider = clock }
            .AddStrategy(_ => new BreakerStrategy(Breaker), new BreakerStrategyOptions())
            .Build();
    }

    public LlmEndpoint Endpoint { get; }
    public EndpointClient Client { get; }
    public EndpointBreaker Breaker { get; }
    public EndpointTraffic Traffic { get; }

    /// <summary>Calls the endpoint unless its breaker is open.</summary>
    public async Task<Attempt> AskAsync(ModelCall call, Deadline deadline, CancellationToken cancellationToken)
    {
        var context = ResilienceContextPool.Shared.Get(cancellationToken);
        var outcome = await pipeline.ExecuteOutcomeAsync(
            static async (context, state) => Outcome.FromResult(
                await state.lane.Client.AskAsync(state.call, state.deadline, context.CancellationToken)),
            context, (lane: this, call, deadline));
        ResilienceContextPool.Shared.Return(context);
        outcome.ThrowIfException();
        if (outcome.Result is { Endpoint: not null } made)
        {
            Traffic.Add(made);
        }

        return outcome.Result!;
    }

    public void Dispose() => Client.Dispose();
}

/// <summary>The lanes of all configured endpoints, in order of preference.</summary>
internal sealed class EndpointLanes : IDisposable
{
    public EndpointLanes(IOptions<LlmOptions> llm, IOptions<TimeOptions> times, GuardMeter meter, TimeProvider clock)
    {
        All = [.. llm.Value.Endpoints.Select(endpoint => new EndpointLane(endpoint, llm.Value, times.Value, clock))];
        meter.Observe("guard.breaker.state", "0 closed, 1 half-open, 2 open.", () => All.Select(lane =>
            new Measurement<int>((int)lane.Breaker.State, new KeyValuePair<string, object?>("endpoint", lane.Endpoint.Id))));
    }

    public IReadOnlyList<EndpointLane> All { get; }

    public void Dispose()
    {
        foreach (var lane in All)
        {
            lane.Dispose();
        }
    }
}
