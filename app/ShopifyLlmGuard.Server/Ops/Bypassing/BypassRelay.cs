using Microsoft.Extensions.Options;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Serving;
using ShopifyLlmGuard.Serving.Bypassing;

namespace ShopifyLlmGuard.Server.Ops.Bypassing;

/// <summary>
/// Passes decisions that were made at this server on to the others, directly, and again until each has confirmed or the database
/// has them: whoever has the snapshot needs no message.
/// </summary>
internal sealed partial class BypassRelay : BackgroundService
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AgainAfter = TimeSpan.FromSeconds(3);

    private readonly Bypass bypass;
    private readonly BypassCall call;
    private readonly IReadOnlyList<string> servers;
    private readonly ILogger<BypassRelay> logger;
    private readonly Lock gate = new();
    private readonly Dictionary<Guid, Task<IReadOnlyList<ServerReply>>> told = [];

    public BypassRelay(Bypass bypass, BypassCall call, IOptions<GuardOptions> options, ILogger<BypassRelay> logger)
    {
        (this.bypass, this.call, this.logger) = (bypass, call, logger);
        servers = [.. options.Value.Servers.Distinct(StringComparer.OrdinalIgnoreCase)];
        bypass.Decided += Pass;
    }

    /// <summary>Every other server's answer; asked once for each decision, however often this is called.</summary>
    public Task<IReadOnlyList<ServerReply>> TellAsync(BypassDecision decision)
    {
        lock (gate)
        {
            return told.TryGetValue(decision.Id, out var before) ? before : told[decision.Id] = Task.Run(() => TellAsync(decision, servers));
        }
    }

    public override void Dispose()
    {
        bypass.Decided -= Pass;
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(AgainAfter);
        try
        {
            while (servers.Count > 0 && await timer.WaitForNextTickAsync(stoppingToken))
            {
                await Task.WhenAll(Untold.Select(TellAgainAsync));
                Forget();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    // What the database has, or will have in a moment, comes to everybody by itself.
    private IEnumerable<BypassDecision> Untold => bypass.Pending.Concat(bypass.Refused);

    private void Pass(BypassDecision decision) => TellAsync(decision);

    private async Task TellAgainAsync(BypassDecision decision)
    {
        var replies = await TellAsync(decision);
        var missing = replies.Where(reply => !reply.Confirmed).Select(reply => reply.Server).ToList();
        if (missing.Count > 0 && bypass.Standing(decision.Shop)?.Id == decision.Id)
        {
            var again = await TellAsync(decision, missing);
            lock (gate)
            {
                told[decision.Id] = Task.FromResult<IReadOnlyList<ServerReply>>([.. replies.ExceptBy(missing, reply => reply.Server), .. again]);
            }
        }
    }

    private async Task<IReadOnlyList<ServerReply>> TellAsync(BypassDecision decision, IReadOnlyList<string> some)
    {
        var replies = await Task.WhenAll(some.Select(async server => (await call.TellAsync(server, decision, relayed: true, Limit)).Reply));
        foreach (var reply in replies.Where(reply => !reply.Confirmed))
        {
            Log.Unconfirmed(logger, reply.Server, decision.On, reply.Problem);
        }

        return replies;
    }

    private void Forget()
    {
        lock (gate)
        {
            foreach (var id in told.Keys.Except(Untold.Select(decision => decision.Id)).ToList())
            {
                told.Remove(id);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "{Server} has not confirmed that the bypass is on: {On} ({Problem}).")]
        public static partial void Unconfirmed(ILogger logger, string server, bool on, string? problem);
    }
}
