using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using ShopifyLlmGuard.Inference.Engine;
using ShopifyLlmGuard.Inference.Memory;
using ShopifyLlmGuard.Inference.Supervision;

namespace ShopifyLlmGuard.Inference.Tests.Supervision;

/// <summary>The end that nobody has foreseen.</summary>
public sealed class SupervisorTests
{
    [Fact]
    public async Task A_bug_in_the_front_ends_it_and_is_told()
    {
        var clock = TimeProvider.System;
        using var meters = new Meters();
        var (options, _) = InferenceOptions.Read(
            new ConfigurationBuilder().AddInMemoryCollection([new("model", Models.Endless)]).Build(), AppContext.BaseDirectory);
        var lifetime = new ApplicationLifetime(NullLogger<ApplicationLifetime>.Instance);
        var logger = new Critical();
        using var memory = new MemoryWatch(options, meters, clock, NullLogger<MemoryWatch>.Instance);
        // Without a list of arguments no worker can be started, and nothing expects that.
        using var workers = new Workers(null!, options, clock, NullLogger<Workers>.Instance);
        using var supervisor = new Supervisor(
            workers,
            new WorkerWatch(options, memory, clock),
            new Serving(new Restarts(meters, clock, NullLogger<Restarts>.Instance), clock),
            options,
            lifetime,
            logger);
        try
        {
            await supervisor.StartAsync(CancellationToken.None);
            await supervisor.ExecuteTask!.WaitAsync(TimeSpan.FromSeconds(30));

            Assert.Equal(1, Environment.ExitCode);
            Assert.True(lifetime.ApplicationStopping.IsCancellationRequested);
            Assert.IsType<ArgumentNullException>(Assert.Single(logger.Errors));
        }
        finally
        {
            Environment.ExitCode = 0;
        }
    }

    private sealed class Critical : ILogger<Supervisor>
    {
        public List<Exception?> Errors { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel == LogLevel.Critical;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Errors.Add(exception);
    }
}
