using System.Diagnostics.Metrics;
using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Llm.Wire;

namespace ShopifyLlmGuard.Llm.Endpoints;

/// <summary>The lanes of all endpoints in service. An endpoint that is described anew gets a new lane, and keeps its history.</summary>
internal sealed class EndpointLanes : IDisposable
{
    private readonly Lock gate = new();
    private readonly EndpointList list;
    private readonly LlmOptions llm;
    private readonly TimeOptions times;
    private readonly TimeProvider clock;
    private readonly Func<LlmEndpoint, HttpMessageHandler> connect;
    private volatile IReadOnlyList<EndpointLane> all = [];

    public EndpointLanes(
        EndpointList list, IOptions<LlmOptions> llm, IOptions<TimeOptions> times, GuardMeter meter, TimeProvider clock,
        Func<LlmEndpoint, HttpMessageHandler>? connect = null)
    {
        (this.list, this.llm, this.times, this.clock) = (list, llm.Value, times.Value, clock);
        this.connect = connect is null ? endpoint => EndpointClient.Sockets(endpoint, times.Value) : connect;
        Follow();
        list.Changed += Follow;
        meter.Observe("guard.breaker.state", "0 closed, 1 half-open, 2 open.", () => All.Select(lane =>
            new Measurement<int>((int)lane.Breaker.State, new KeyValuePair<string, object?>("endpoint", lane.Endpoint.Id))));
    }

    public IReadOnlyList<EndpointLane> All => all;

    public void Dispose()
    {
        list.Changed -= Follow;
        foreach (var lane in all)
        {
            lane.Dispose();
        }
    }

    private void Follow()
    {
        lock (gate)
        {
            var before = all;
            all = [.. list.Current.Select(endpoint => before.FirstOrDefault(lane => lane.Endpoint == endpoint) ?? New(endpoint, before))];
            foreach (var lane in before.Except(all))
            {
                lane.Retire();
            }
        }
    }

    // The same address and model is the same host, whatever else was said about it.
    private EndpointLane New(LlmEndpoint endpoint, IReadOnlyList<EndpointLane> before) => new(
        endpoint, llm, times, clock, connect(endpoint),
        before.FirstOrDefault(lane => (lane.Endpoint.Id, lane.Endpoint.Url, lane.Endpoint.Model) == (endpoint.Id, endpoint.Url, endpoint.Model)));
}
