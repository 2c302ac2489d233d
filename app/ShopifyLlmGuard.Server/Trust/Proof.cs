using Microsoft.AspNetCore.Authorization;

namespace ShopifyLlmGuard.Server.Trust;

/// <summary>What a caller of an endpoint must prove. Every endpoint carries one; a test holds that.</summary>
internal sealed record Proof(string Scheme)
{
    public const string AppProxy = "app-proxy", IdToken = "id-token", Webhook = "webhook", GatewayKey = "gateway-key", Operator = "operator", IncidentSource = "incident-source", None = "none";
}

internal static class ProofExtensions
{
    /// <summary>Shopify's app proxy signed the query: the shop is known, the shopper is not.</summary>
    public static TBuilder RequireAppProxy<TBuilder>(this TBuilder builder) where TBuilder : IEndpointConventionBuilder =>
        builder.Require(Proof.AppProxy);

    /// <summary>Merchant staff, inside Shopify's admin: the shop and the user are known.</summary>
    public static TBuilder RequireIdToken<TBuilder>(this TBuilder builder) where TBuilder : IEndpointConventionBuilder =>
        builder.Require(Proof.IdToken);

    /// <summary>Shopify signed the body.</summary>
    public static TBuilder RequireSignedBody<TBuilder>(this TBuilder builder) where TBuilder : IEndpointConventionBuilder =>
        builder.Require(Proof.Webhook);

    /// <summary>An in-house caller with a good key: the key is known, with its jurisdictions and limits.</summary>
    public static TBuilder RequireGatewayKey<TBuilder>(this TBuilder builder) where TBuilder : IEndpointConventionBuilder =>
        builder.Require(Proof.GatewayKey);

    /// <summary>An operator or another guard server signed body and time.</summary>
    public static TBuilder RequireOperator<TBuilder>(this TBuilder builder) where TBuilder : IEndpointConventionBuilder =>
        builder.Require(Proof.Operator);

    /// <summary>A monitoring system that the operator has configured: the source is known, and its bytes are proven.</summary>
    public static TBuilder RequireIncidentSource<TBuilder>(this TBuilder builder) where TBuilder : IEndpointConventionBuilder =>
        builder.Require(Proof.IncidentSource);

    /// <summary>Open to everybody, and harmless: it tells nothing about a shop and changes nothing.</summary>
    public static TBuilder RequireNothing<TBuilder>(this TBuilder builder) where TBuilder : IEndpointConventionBuilder =>
        builder.WithMetadata(new Proof(Proof.None));

    private static TBuilder Require<TBuilder>(this TBuilder builder, string scheme) where TBuilder : IEndpointConventionBuilder =>
        builder
            .RequireAuthorization(new AuthorizationPolicyBuilder(scheme).RequireAuthenticatedUser().Build())
            .WithMetadata(new Proof(scheme));
}
