using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace ShopifyLlmGuard.Data;

/// <summary>
/// Makes a hosted service when it starts. The host makes hosted services before it validates options, so one that reads its
/// options early would report the first mistake and hide the others.
/// </summary>
internal sealed class AfterValidation<T>(IServiceProvider provider) : IHostedService, IDisposable
    where T : class, IHostedService
{
    private T? inner;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        inner = ActivatorUtilities.CreateInstance<T>(provider);
        return inner.StartAsync(cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken) => inner?.StopAsync(cancellationToken) ?? Task.CompletedTask;

    public void Dispose() => (inner as IDisposable)?.Dispose();
}
