using System.Reflection;
using Microsoft.Extensions.AI;
using ShopifyLlmGuard.Llm;
using ShopifyLlmGuard.Llm.Endpoints;
using ShopifyLlmGuard.Llm.Residency;
using ShopifyLlmGuard.Llm.Routing;
using ShopifyLlmGuard.Llm.Wire;
using ShopifyLlmGuard.Serving;

namespace ShopifyLlmGuard.Tests.Llm;

public sealed class ResidencyTests
{
    private const BindingFlags Everything = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
    private static readonly DateTimeOffset Now = new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);

    public static TheoryData<string[], string, string, double?, string?> Facts { get; } = new()
    {
        { ["EU"], "eu-central", "EU", null, null },
        { ["EU"], "eu-central", "eu", 1, null },
        { ["US", "EU"], "eu-central", "EU", 1, null },
        { ["EU"], "us-east", "US", 1, ResidencyPolicy.OtherJurisdiction },
        { ["EU"], "eu-central", "EU", 0, ResidencyPolicy.AttestationExpired },
        { ["EU"], "eu-central", "EU", -1, ResidencyPolicy.AttestationExpired },
        { ["EU"], "", "EU", 1, ResidencyPolicy.UnknownPlace },
        { ["EU"], "eu-central", "", 1, ResidencyPolicy.UnknownPlace },
        { ["EU", ""], "eu-central", " ", null, ResidencyPolicy.UnknownPlace },
        { [], "eu-central", "EU", 1, ResidencyPolicy.NoPolicy },
        { [" "], "eu-central", "EU", 1, ResidencyPolicy.NoPolicy },
    };

    [Theory]
    [MemberData(nameof(Facts))]
    public void What_is_unknown_missing_or_over_is_not_allowed(
        string[] allowed, string region, string jurisdiction, double? attestedForDays, string? objection) =>
        Assert.Equal(objection, ResidencyPolicy.Objection(
            allowed, region, jurisdiction, attestedForDays is { } days ? Now.AddDays(days) : null, Now));

    [Fact]
    public void Only_the_policy_makes_an_eligible_endpoint()
    {
        Assert.All(typeof(EligibleEndpoint).GetConstructors(Everything), constructor => Assert.True(constructor.IsPrivate));
        Assert.True(typeof(EligibleEndpoint).IsSealed);
        Assert.All(typeof(EligibleEndpoint).GetProperties(Everything), property => Assert.Null(property.SetMethod));
        var makers = typeof(EligibleEndpoint).GetMethods(Everything)
            .Where(method => method.IsStatic && !method.IsPrivate && method.ReturnType != typeof(void)).Select(method => method.Name);
        Assert.Equal([nameof(EligibleEndpoint.Among)], makers);
    }

    [Fact]
    public void Nothing_but_the_endpoint_client_holds_a_way_to_a_model()
    {
        var ways = typeof(LlmRouter).Assembly.GetTypes().SelectMany(type => type.GetFields(Everything))
            .Where(field => typeof(IChatClient).IsAssignableFrom(field.FieldType) || typeof(HttpMessageInvoker).IsAssignableFrom(field.FieldType))
            .Select(field => OutermostOf(field.DeclaringType!)).Distinct();
        Assert.Equal([typeof(EndpointClient)], ways);
    }

    [Fact]
    public void The_endpoint_client_and_its_lane_take_words_only_with_the_policys_leave()
    {
        foreach (var type in (Type[])[typeof(EndpointClient), typeof(EndpointLane)])
        {
            // Reading numbers takes their names, and sends nothing.
            var takesWords = type.GetMethods(Everything).Where(method => !method.IsPrivate && method.Name != nameof(EndpointClient.MetricsAsync))
                .Where(method => method.GetParameters().Any(parameter => Carries(parameter.ParameterType))).ToList();
            Assert.Empty(takesWords);
            var sends = type.GetMethods(Everything).Where(method => !method.IsPrivate && method.ReturnType == typeof(Task<Attempt>)).ToList();
            Assert.NotEmpty(sends);
            Assert.All(sends, method => Assert.True(
                method.Name == nameof(EndpointClient.GreetAsync) || method.GetParameters()[0].ParameterType == typeof(EligibleEndpoint)));
        }
    }

    [Fact]
    public async Task A_call_that_nobody_may_see_leaves_a_record_and_no_trace_elsewhere()
    {
        using var hosts = new ScriptedHosts(
            [Endpoint("us-1", "US"), Endpoint("eu-1", "EU") with { AttestedUntil = DateTimeOffset.UnixEpoch }], _ => HostScript.Says("Hello."));
        var attempt = await hosts.AskAsync(ScriptedHosts.Call("EU"), TimeSpan.FromSeconds(1));
        Assert.Equal((null, Reasons.NoEligibleEndpoint), (attempt.Endpoint, attempt.Reason));
        Assert.Empty(hosts.Dispatched);
        Assert.True(hosts.Log.Waiting.TryRead(out var record));
        Assert.Equal((null, Reasons.NoEligibleEndpoint), (record.Endpoint, record.Outcome));
        Assert.Equal("allows EU; 0 of 2 eligible; us-1 other-jurisdiction; eu-1 attestation-expired", record.Basis);
    }

    [Fact]
    public async Task A_proof_that_ends_while_a_call_is_on_its_way_ends_the_way()
    {
        var clock = new SteppedClock();
        var proven = Endpoint("eu-1", "EU") with { AttestedUntil = clock.GetUtcNow().AddSeconds(1) };
        using var hosts = new ScriptedHosts([proven], _ => HostScript.Says("Hello."), clock: clock);
        var here = EligibleEndpoint.Among(ScriptedHosts.Call("EU"), hosts.Lanes, clock.GetUtcNow()).Eligible.Single();
        clock.Advance(TimeSpan.FromSeconds(1));
        var attempt = await here.Lane.AskAsync(here, Draft.Unread(), new Deadline(clock, TimeSpan.FromSeconds(1)), default).WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal((null, Reasons.NoEligibleEndpoint), (attempt.Endpoint, attempt.Reason));
        Assert.Empty(hosts.Dispatched);
    }

    internal static LlmEndpoint Endpoint(string id, string jurisdiction) => new()
    {
        Id = id, Url = $"http://{id}.example:9", Model = "m", Region = id, Jurisdiction = jurisdiction,
    };

    private static Type OutermostOf(Type type) => type.DeclaringType is { } outer ? OutermostOf(outer) : type;

    private static bool Carries(Type type) =>
        type == typeof(ModelCall) || type == typeof(ChatMessage) || type == typeof(string) ||
        type.GetGenericArguments().Any(Carries);
}
