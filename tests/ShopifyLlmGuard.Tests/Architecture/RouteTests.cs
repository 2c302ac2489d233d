using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using ShopifyLlmGuard.Server.Trust;

namespace ShopifyLlmGuard.Tests.Architecture;

/// <summary>Every door of the server, and what it takes to pass it.</summary>
public sealed class RouteTests(GuardApp app) : IClassFixture<GuardApp>
{
    // Static assets of an unpublished build have a route for files that appear while the server runs; a published one does not.
    private IEnumerable<RouteEndpoint> Endpoints => app.Services.GetRequiredService<EndpointDataSource>().Endpoints
        .OfType<RouteEndpoint>().Where(endpoint => endpoint.DisplayName != "Fallback {**path:file}");

    [Fact]
    public void The_route_table_is_the_approved_one()
    {
        var routes = Endpoints.Where(endpoint => !IsAsset(endpoint))
            .Select(endpoint => $"{MethodsOf(endpoint)} {endpoint.RoutePattern.RawText} {ProofOf(endpoint)?.Scheme}").Distinct().Order(StringComparer.Ordinal);

        Assert.Equal(
            File.ReadAllText(Path.Combine(Node.RepositoryRoot, "tests/ShopifyLlmGuard.Tests/Architecture/Routes.approved.txt")),
            string.Concat(routes.Select(route => $"{route}\n")));
    }

    [Fact]
    public void Every_route_says_what_it_takes_and_checks_that() => Assert.All(Endpoints, endpoint =>
    {
        var proof = ProofOf(endpoint);
        Assert.True(proof is not null, $"{endpoint.DisplayName} takes no proof.");
        var schemes = endpoint.Metadata.GetOrderedMetadata<AuthorizationPolicy>().SelectMany(policy => policy.AuthenticationSchemes);
        Assert.True(proof.Scheme == Proof.None || schemes.Contains(proof.Scheme), $"{endpoint.DisplayName} does not check {proof.Scheme}.");
    });

    private static Proof? ProofOf(RouteEndpoint endpoint) => endpoint.Metadata.GetMetadata<Proof>();

    private static string MethodsOf(RouteEndpoint endpoint) =>
        string.Join(',', endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods.Order(StringComparer.Ordinal) ?? Enumerable.Empty<string>());

    private static bool IsAsset(RouteEndpoint endpoint) =>
        endpoint.Metadata.Any(metadata => metadata.GetType().Name.StartsWith("StaticAsset", StringComparison.Ordinal));
}
