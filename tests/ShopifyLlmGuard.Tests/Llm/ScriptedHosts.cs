using System.Collections.Concurrent;
using System.Net;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Health;
using ShopifyLlmGuard.Incidents.Answers;
using ShopifyLlmGuard.Llm;
using ShopifyLlmGuard.Llm.Endpoints;
using ShopifyLlmGuard.Llm.Routing;
using ShopifyLlmGuard.Protections;
using ShopifyLlmGuard.Shops;

namespace ShopifyLlmGuard.Tests.Llm;

/// <summary>A real router on hosts without sockets, in real time or in a time that the test moves on.</summary>
internal sealed class ScriptedHosts : IDisposable
{
    private readonly EndpointList list;
    private readonly EndpointLanes lanes;
    private readonly Snapshots snapshots;

    public ScriptedHosts(
        IReadOnlyList<LlmEndpoint> endpoints, Func<LlmEndpoint, HostScript> script, Action<LlmOptions>? change = null,
        TimeProvider? clock = null, TimeOptions? limits = null)
    {
        Clock = clock ?? TimeProvider.System;
        var llm = new LlmOptions();
        endpoints.ToList().ForEach(llm.Endpoints.Add);
        change?.Invoke(llm);
        var (options, times, meter) = (Options.Create(llm), Options.Create(limits ?? new TimeOptions()), new GuardMeter(new Meters()));
        var nowhere = Options.Create(new GuardOptions { DataDirectory = "/nonexistent" });
        snapshots = new Snapshots(
            new SnapshotReader(new NoDatabase(), Clock), new SnapshotFile(nowhere, NullLogger<SnapshotFile>.Instance), NullLogger<Snapshots>.Instance);
        var vault = new TokenVault(Options.Create(new TokenVaultOptions { TokenKey = Convert.ToBase64String(new byte[32]) }));
        list = new EndpointList(new ConfigurationBuilder().Build(), options, snapshots, vault, NullLogger<EndpointList>.Instance);
        lanes = new EndpointLanes(list, options, times, meter, Clock, endpoint => new Host(this, endpoint, script));
        Proofs = new ProtectionProofs(Clock);
        Log = new AttemptLog(meter, new AnswerCounts(Clock), Proofs, Clock, new Logger<AttemptLog>(new LoggerFactory([Lines])));
        var health = new HealthBoard(list, snapshots, new NoDatabase(), meter, Clock);
        Router = new LlmRouter(
            new RoutePlanner(lanes, health, options, times, Clock), new Tries(Log, options, Clock), new Bulkhead(options, times, Clock), Log, snapshots);
    }

    public ProtectionProofs Proofs { get; }

    public TimeProvider Clock { get; }

    public LlmRouter Router { get; }

    public AttemptLog Log { get; }

    /// <summary>What the router has logged.</summary>
    public LogLines Lines { get; } = new();

    public IReadOnlyList<EndpointLane> Lanes => lanes.All;

    /// <summary>The host of every request, in order.</summary>
    public ConcurrentQueue<LlmEndpoint> Dispatched { get; } = new();

    public static ModelCall Call(params string[] jurisdictions) =>
        new(new Caller("carewell", jurisdictions), "chat", [new ChatMessage(ChatRole.User, "Hello?")], new Sampling(96));

    public Task<Attempt> AskAsync(ModelCall call, TimeSpan budget) => Router.AskAsync(call, new Deadline(Clock, budget));

    public async Task<IReadOnlyList<AnswerPart>> StreamAsync(ModelCall call, TimeSpan budget)
    {
        List<AnswerPart> all = [];
        await foreach (var part in Router.StreamAsync(call, new Deadline(Clock, budget)))
        {
            all.Add(part);
        }

        return all;
    }

    public void Dispose()
    {
        lanes.Dispose();
        list.Dispose();
        snapshots.Dispose();
    }

    private sealed class Host(ScriptedHosts hosts, LlmEndpoint endpoint, Func<LlmEndpoint, HostScript> script) : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            hosts.Dispatched.Enqueue(endpoint);
            var act = script(endpoint);
            await Task.Delay(act.After, hosts.Clock, act.IsDeaf ? CancellationToken.None : cancellationToken);
            if (act.IsTooFar)
            {
                throw new TaskCanceledException("", new TimeoutException());
            }

            if (act.Status == 0)
            {
                throw new HttpRequestException(HttpRequestError.ConnectionError, "refused");
            }

            var response = new HttpResponseMessage((HttpStatusCode)act.Status) { RequestMessage = request };
            response.Content = new StreamContent(new ScriptStream(act, hosts.Clock));
            response.Content.Headers.TryAddWithoutValidation("Content-Type", act.ContentType);
            response.Headers.RetryAfter = act.RetryAfter is { } seconds ? new(TimeSpan.FromSeconds(seconds)) : null;
            return response;
        }
    }

    private sealed class NoDatabase : IDbContextFactory<GuardDb>
    {
        public GuardDb CreateDbContext() => throw new InvalidOperationException("There is no database here.");
    }

    private sealed class Meters : System.Diagnostics.Metrics.IMeterFactory
    {
        public System.Diagnostics.Metrics.Meter Create(System.Diagnostics.Metrics.MeterOptions options) => new(options);

        public void Dispose()
        {
        }
    }
}
