using System.Diagnostics;
using ShopifyLlmGuard.Server;
using ShopifyLlmGuard.Server.Jobs;
using ShopifyLlmGuard.Server.Storefront;

namespace ShopifyLlmGuard.Tests.Architecture;

public class StartupTests
{
    [Fact]
    public async Task All_mistakes_of_the_configuration_are_said_at_once_and_the_server_does_not_start()
    {
        using var server = Process.Start(new ProcessStartInfo("dotnet", [typeof(ChatRequest).Assembly.Location, "--urls", "http://127.0.0.1:0"])
        {
            RedirectStandardError = true, RedirectStandardOutput = true,
            Environment =
            {
                ["ConnectionStrings__Guard"] = "Host=127.0.0.1;Port=1", ["Shopify__AdminUrl"] = "admin.shopify.com",
                ["Shopify__ClientSecret"] = "s", ["ClientLimits__ChatsPerMinute"] = "0",
            },
        })!;
        var error = await server.StandardError.ReadToEndAsync();
        await server.WaitForExitAsync();

        Assert.Equal(1, server.ExitCode);
        foreach (var said in (string[])["Shopify:ClientId", "Shopify:AppUrl", "Shopify:AdminUrl", "Shopify:TokenKey", "ChatsPerMinute"])
        {
            Assert.Contains(said, error, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_scheduled_round_is_a_public_method_that_storage_can_name() => Assert.All(Schedule.All, round =>
    {
        var call = Assert.IsAssignableFrom<System.Linq.Expressions.MethodCallExpression>(round.Call.Body);
        Assert.Equal(typeof(Rounds), call.Method.DeclaringType);
        Assert.True(call.Method.IsPublic && typeof(Rounds).IsPublic);
    });

    [Fact]
    public void Every_request_record_is_public_because_the_framework_validates_no_other() => Assert.All(
        typeof(ChatRequest).Assembly.GetTypes().Where(type => type.Name.EndsWith("Request", StringComparison.Ordinal) && type.Namespace?.StartsWith("ShopifyLlmGuard.Server", StringComparison.Ordinal) == true),
        type => Assert.True(type.IsPublic && !type.IsNested, $"{type} is not public."));

    [Fact]
    public void The_library_knows_no_web_server() => Assert.DoesNotContain(
        typeof(GuardModule).Assembly.GetReferencedAssemblies(),
        reference => reference.Name!.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal));
}
