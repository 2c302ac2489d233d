using Polly;
using ShopifyLlmGuard.Llm.Residency;
using ShopifyLlmGuard.Llm.Routing;
using ShopifyLlmGuard.Llm.Wire;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Llm.Endpoints;

/// <summary>An endpoint with everything that this server keeps about it: client, breaker, recent traffic, running calls.</summary>
internal sealed class EndpointLane : IDisposable
{
    private readonly ResiliencePipeline<Attempt> pipeline;
    private readonly TimeProvider clock;
    private int running;
    private volatile bool isInService = true;

    /// <param name="endpoint">Its description.</param>
    /// <param name="llm">What protects it.</param>
    /// <param name="times">The limits that the description does not set itself.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="way">The way there.</param>
    /// <param name="before">The same host as described before: what is known of it stays known.</param>
    public EndpointLane(LlmEndpoint endpoint, LlmOptions llm, TimeOptions times, TimeProvider clock, HttpMessageHandler way, EndpointLane? before = null)
    {
        Endpoint = endpoint;
        this.clock = clock;
        Client = new EndpointClient(endpoint, llm, times, way);
        Breaker = before?.Breaker ?? new EndpointBreaker(llm.Breaker, clock, trialAtMost: times.Promise * 2);
        Traffic = before?.Traffic ?? new EndpointTraffic(clock);
        pipeline = new ResiliencePipelineBuilder<Attempt> { Name = endpoint.Id, TimeProvider = clock }
            .AddStrategy(_ => new BreakerStrategy(Breaker), new BreakerStrategyOptions())
            .Build();
    }

    public LlmEndpoint Endpoint { get; }
    public EndpointClient Client { get; }
    public EndpointBreaker Breaker { get; }
    public EndpointTraffic Traffic { get; }

    /// <summary>Calls that this server has there now.</summary>
    public int Running => running;

    /// <summary>Whether a call would be sent there now, as far as room and breaker are concerned.</summary>
    public bool MayBeAsked => isInService && running < Endpoint.Concurrency && Breaker.WouldAdmit;

    /// <summary>False as soon as the endpoint was taken out of service or described anew.</summary>
    public bool IsInService => isInService;

    /// <summary>How long an answer would take now: its usual time, once for every call before it and once for itself.</summary>
    /// <param name="guess">The usual time of an endpoint that nothing is known of.</param>
    public TimeSpan PredictedWait(TimeSpan guess) => (Traffic.Known() ?? guess) * (running + 1) / Endpoint.Weight;

    /// <summary>Sends a call there, unless the residency no longer holds, the lane is full, or its breaker is open.</summary>
    public async Task<Attempt> AskAsync(EligibleEndpoint here, Draft draft, Deadline deadline, CancellationToken cancellationToken)
    {
        if (!ReferenceEquals(here.Lane, this) || !here.HoldsAt(clock.GetUtcNow()))
        {
            return Attempt.NotMade(Reasons.NoEligibleEndpoint);
        }

        try
        {
            return Interlocked.Increment(ref running) > Endpoint.Concurrency
                ? Attempt.NotMade(Reasons.EndpointBusy)
                : await ProtectedAsync(here, draft, deadline, cancellationToken);
        }
        finally
        {
            Interlocked.Decrement(ref running);
        }
    }

    // Running calls may end; their client goes with the last of them, and the garbage collector closes its idle connections.
    public void Retire() => isInService = false;

    public void Dispose() => Client.Dispose();

    private async Task<Attempt> ProtectedAsync(
        EligibleEndpoint here, Draft draft, Deadline deadline, CancellationToken cancellationToken)
    {
        var context = ResilienceContextPool.Shared.Get(cancellationToken);
        var outcome = await pipeline.ExecuteOutcomeAsync(
            static async (context, state) => Outcome.FromResult(
                await state.Client.AskAsync(state.here, state.draft, state.deadline, context.CancellationToken)),
            context, (Client, here, draft, deadline));
        ResilienceContextPool.Shared.Return(context);
        outcome.ThrowIfException();
        if (outcome.Result is { Endpoint: not null } made)
        {
            Traffic.Add(made);
        }

        return outcome.Result!;
    }
}
