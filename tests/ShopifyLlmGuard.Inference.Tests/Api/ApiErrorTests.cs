using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using ShopifyLlmGuard.Inference.Api;
using ShopifyLlmGuard.Inference.Engine.Admission;

namespace ShopifyLlmGuard.Inference.Tests.Api;

/// <summary>When a caller is told to come back.</summary>
public sealed class ApiErrorTests
{
    [Theory]
    [InlineData(0, "5")]
    [InlineData(4.9, "5")]
    [InlineData(20.1, "21")]
    [InlineData(600, "60")]
    public async Task A_model_that_loads_for_long_is_not_asked_for_again_in_a_moment(double elapsed, string expected) =>
        Assert.Equal((503, expected), await AnswerAsync(ApiError.LoadingFor(TimeSpan.FromSeconds(elapsed))));

    [Theory]
    [InlineData(3, "3")]
    [InlineData(null, "")]
    public async Task Who_would_come_back_in_vain_is_not_told_when(int? seconds, string expected)
    {
        var verdict = new Verdict(
            Refusal.DeadlineUnreachable, TimeSpan.FromSeconds(9), seconds is { } some ? TimeSpan.FromSeconds(some) : null);
        var error = Assert.Throws<RefusedException>(() => RefusedException.ThrowIf(verdict)).Error;

        Assert.Equal("deadline_unreachable", error.Code);
        Assert.Equal((429, expected), await AnswerAsync(error));
    }

    private static async Task<(int Status, string RetryAfter)> AnswerAsync(ApiError error)
    {
        using var services = new ServiceCollection().AddLogging().BuildServiceProvider();
        var http = new DefaultHttpContext { RequestServices = services };
        await error.ToResult().ExecuteAsync(http);
        return (http.Response.StatusCode, http.Response.Headers.RetryAfter.ToString());
    }
}
