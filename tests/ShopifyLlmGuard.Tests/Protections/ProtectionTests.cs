using System.Diagnostics.Metrics;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Time.Testing;
using ShopifyLlmGuard.Chat;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Incidents.Signals;
using ShopifyLlmGuard.Llm;
using ShopifyLlmGuard.Protections;
using ShopifyLlmGuard.Serving;
using ShopifyLlmGuard.Tests.Incidents;
using ShopifyLlmGuard.Tests.Llm;

namespace ShopifyLlmGuard.Tests.Protections;

public sealed class ProtectionTests
{
    [Fact]
    public void A_storm_is_one_proof_a_second_and_the_newest_stands()
    {
        var clock = new FakeTimeProvider(new DateTimeOffset(2026, 11, 24, 12, 0, 0, TimeSpan.Zero));
        var proofs = new ProtectionProofs(clock);
        proofs.Acted(Protection.Breaker, TimeSpan.FromMilliseconds(5));
        proofs.Acted(Protection.Breaker, TimeSpan.FromMilliseconds(6));
        proofs.Drilled(Protection.Breaker, TimeSpan.FromMilliseconds(7));
        Assert.Equal([(false, 5.0), (true, 7.0)], proofs.Read().Select(proof => (proof.Drilled, proof.Milliseconds)));
        clock.Advance(TimeSpan.FromSeconds(1));
        proofs.Acted(Protection.Breaker, TimeSpan.FromMilliseconds(8));
        proofs.Know([Proof(Protection.Breaker, clock.GetUtcNow().AddSeconds(-1)), Proof(Protection.Rollback, clock.GetUtcNow())]);
        Assert.Equal([8.0, 7.0, 42.0], proofs.Read().Select(proof => proof.Milliseconds));
    }

    [Fact]
    public async Task Proofs_are_written_survive_a_restart_and_an_older_one_never_replaces_a_newer_one()
    {
        var database = PostgresCluster.Shared.NewDatabase();
        await using (var guard = await Guard.StartAsync(database))
        {
            await using var db = guard.Db();
            db.ProtectionProofs.Add(Proof(Protection.Rollback, TimeProvider.System.GetUtcNow().AddDays(1)));
            await db.SaveChangesAsync();
            guard.Get<ProtectionProofs>().Acted(Protection.Rollback, TimeSpan.FromMilliseconds(1));
            guard.Get<ProtectionProofs>().Acted(Protection.Residency, TimeSpan.FromMilliseconds(3));
            await Guard.UntilAsync(() => Count(guard) == 2, "the writer has been there");
        }

        await using var restarted = await Guard.StartAsync(database);
        await Guard.UntilAsync(() => restarted.Get<ProtectionProofs>().Read().Count == 2, "the proofs are known again");
        Assert.Equal([3.0, 42.0], restarted.Get<ProtectionProofs>().Read().Select(proof => proof.Milliseconds).Order());
    }

    [Fact]
    public async Task Proofs_wait_in_memory_while_the_database_is_away()
    {
        using var cluster = new PostgresCluster();
        await using var guard = await Guard.StartAsync(cluster.NewDatabase());
        cluster.Kill();
        await Guard.UntilAsync(() => !guard.Get<Snapshots>().DatabaseAnswers, "the loss is noticed");
        guard.Get<ProtectionProofs>().Acted(Protection.Bulkhead, TimeSpan.FromMilliseconds(9));
        Assert.Equal(9.0, Assert.Single(guard.Get<ProtectionProofs>().Read()).Milliseconds);
        cluster.Start();
        await Guard.UntilAsync(() => Count(guard) == 1, "the proof arrives");
    }

    [Fact]
    public async Task A_real_cut_by_the_timer_and_a_real_refusal_for_residency_are_proofs()
    {
        await using var llm = await ScriptedLlm.StartAsync();
        await using var guard = await LlmGuard.StartAsync(llm);
        llm.Hangs();
        await guard.Get<ChatAssistant>().AnswerAsync(Guard.Shop, new ChatQuestion("Do you sell plasters?", []));
        Assert.Contains(guard.Get<ProtectionProofs>().Read(), proof => proof is { Protection: Protection.Deadline, Milliseconds: > 1000 });

        await guard.Get<ChatAssistant>().AnswerAsync("stranger.myshopify.com", new ChatQuestion("Do you sell plasters?", []));
        var router = guard.Get<LlmRouter>();
        var call = new ModelCall(router.Caller("stranger.myshopify.com"), "chat", [new(Microsoft.Extensions.AI.ChatRole.User, "Hello")], new Sampling(8));
        await router.AskAsync(call, new Deadline(TimeProvider.System, TimeSpan.FromSeconds(2)));
        Assert.Contains(guard.Get<ProtectionProofs>().Read(), proof => proof is { Protection: Protection.Residency, Drilled: false });
    }

    [Theory]
    [InlineData(null, null, false)] // No endpoint at all.
    [InlineData("EU", "another", false)] // None that has the model.
    [InlineData("US", null, true)]
    [InlineData("US", "another", true)]
    public async Task Only_a_call_that_the_policy_refused_proves_residency(string? jurisdiction, string? model, bool proves)
    {
        (string, string?)[] endpoint = jurisdiction is null ? [] :
        [
            ("Llm:Endpoints:0:Id", "there-1"), ("Llm:Endpoints:0:Url", "http://127.0.0.1:9"), ("Llm:Endpoints:0:Region", "there"),
            ("Llm:Endpoints:0:Jurisdiction", jurisdiction), ("Llm:Endpoints:0:Model", "m"),
        ];
        await using var guard = await Guard.StartAsync(settings: endpoint);
        await guard.InstallAsync(withProducts: false);
        var router = guard.Get<LlmRouter>();
        var call = new ModelCall(router.Caller(Guard.Shop), "chat", [new(Microsoft.Extensions.AI.ChatRole.User, "Hello")], new Sampling(8)) { Model = model };
        var attempt = await router.AskAsync(call, new Deadline(TimeProvider.System, TimeSpan.FromSeconds(2)));
        Assert.Equal(Reasons.NoEligibleEndpoint, attempt.Reason);
        Assert.Equal(proves, guard.Get<ProtectionProofs>().Read().Any(proof => proof.Protection == Protection.Residency));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_alert_that_switches_a_feature_is_a_proof_and_one_that_a_person_outranks_is_none(bool isOutranked)
    {
        await using var guard = await Guard.StartAsync(settings: Signals.Rule);
        await guard.InstallAsync(withProducts: false);
        if (isOutranked)
        {
            await guard.Get<PinBoard>().PinAsync(new PinRequest(null, null, Mode.Fallback, PinHolder.Human, "Ada", "I know already"));
        }

        // It stood in front of the door for a while.
        var came = TimeProvider.System.GetUtcNow() - TimeSpan.FromMilliseconds(250);
        await guard.Get<SignalDesk>().TakeAsync(Signals.Firing("a"), came, default);
        var proofs = guard.Get<ProtectionProofs>().Read().Where(proof => proof.Protection == Protection.IncidentToggle).ToList();
        Assert.Equal(isOutranked ? 0 : 1, proofs.Count);
        Assert.All(proofs, proof => Assert.True(proof is { Drilled: false, Milliseconds: >= 250 }, $"{proof.Milliseconds} ms"));

        // The same again, and that it is over, switch nothing.
        await guard.Get<SignalDesk>().TakeAsync(Signals.Firing("a", Signals.Start.AddSeconds(5)), TimeProvider.System.GetUtcNow(), default);
        Assert.Equal(proofs, guard.Get<ProtectionProofs>().Read().Where(proof => proof.Protection == Protection.IncidentToggle));
    }

    [Theory]
    [InlineData(PinHolder.Drill, true)]
    [InlineData(PinHolder.Human, false)]
    public async Task A_drill_that_Shopify_confirms_is_a_drill_and_no_real_act(PinHolder holder, bool drilled)
    {
        await using var guard = await Guard.StartAsync();
        await guard.InstallAsync(withProducts: false);
        await guard.Get<PinBoard>().PinAsync(new PinRequest(null, null, Mode.Fallback, holder, "Ada", "the monthly drill", TimeSpan.FromMinutes(5)));
        await guard.Get<PublicationDesk>().ConfirmAsync(Guard.Shop, guard.Get<PublicationDesk>().Features(Guard.Shop));
        Assert.Equal((Protection.FallbackPublication, drilled), guard.Get<ProtectionProofs>().Read().Select(proof => (proof.Protection, proof.Drilled)).Single());
    }

    [Fact]
    public async Task The_gauges_tell_when_and_how_long_ago_and_minus_one_for_never()
    {
        await using var guard = await Guard.StartAsync();
        guard.Get<ProtectionProofs>().Acted(Protection.IncidentToggle, TimeSpan.FromMilliseconds(1));
        Dictionary<string, double> values = [];
        using var listener = new MeterListener();
        var meters = guard.Get<IMeterFactory>();
        listener.InstrumentPublished = (instrument, it) =>
        {
            if (instrument.Name.StartsWith("guard.protection.", StringComparison.Ordinal) && ReferenceEquals(instrument.Meter.Scope, meters))
            {
                it.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => values[$"{instrument.Name} {tags[0].Value} {tags[1].Value}"] = value);
        listener.Start();
        listener.RecordObservableInstruments();
        Assert.InRange(values["guard.protection.last incident-toggle action"], 1_700_000_000, 5_000_000_000);
        Assert.InRange(values["guard.protection.age incident-toggle action"], 0, 60);
        Assert.Equal((0, -1), (values["guard.protection.last rollback drill"], values["guard.protection.age rollback drill"]));
    }

    private static ProtectionProof Proof(Protection protection, DateTimeOffset at) => new()
    {
        Protection = protection, Drilled = false, At = DatabaseTime.Of(at)!.Value, Milliseconds = 42, Server = "another",
    };

    private static int Count(Guard guard)
    {
        try
        {
            using var db = guard.Db();
            return db.ProtectionProofs.Count();
        }
        catch (Exception away) when (away is System.Data.Common.DbException or InvalidOperationException)
        {
            return -1;
        }
    }
}
