using System.Diagnostics;
using System.Security.Cryptography;
using ShopifyLlmGuard.Inference.Llama;
using ShopifyLlmGuard.Inference.Llama.Gpu;

namespace ShopifyLlmGuard.Inference.Engine;

/// <summary>A model that answers.</summary>
/// <param name="Id">What the API calls it.</param>
/// <param name="Model">Its vocabulary.</param>
/// <param name="Template">Its prompt format.</param>
/// <param name="Engine">Its queue and its thread.</param>
/// <param name="Label">What its file says about itself.</param>
/// <param name="LoadedAt">When it became ready.</param>
internal sealed record ServedModel(
    string Id, ILlmModel Model, PromptTemplate Template, InferenceEngine Engine, ModelLabel Label, DateTimeOffset LoadedAt);

/// <summary>
/// Loads the model while the server already answers health checks. A model that cannot be served is one line on
/// standard error and exit code 1.
/// </summary>
internal sealed partial class ModelHost(
    InferenceOptions options,
    InferenceMeter meter,
    TimeProvider clock,
    ILoggerFactory loggers,
    IHostApplicationLifetime lifetime) : BackgroundService
{
    private const int BatchSize = 256;

    private readonly long _began = clock.GetTimestamp();
    private readonly ILogger _logger = loggers.CreateLogger<ModelHost>();
    private volatile ServedModel? _served;
    private volatile string? _accelerator;
    private volatile string? _failure;

    /// <summary>What computes, see <see cref="Engine.Accelerator"/>; null while the model loads.</summary>
    public string? Accelerator => _accelerator;

    /// <summary>Why the host gives up; null while it does not.</summary>
    public string? Failure => _failure;

    /// <summary>How long ago it began to load.</summary>
    public TimeSpan LoadingFor => clock.GetElapsedTime(_began);

    /// <summary>Null while the model loads.</summary>
    public ServedModel? Served => _served;

    /// <exception cref="ModelLoadException">More context is wanted than the model was trained for.</exception>
    public static ContextSettings Settings(ILlmModel model, int wanted, int threads)
    {
        if (wanted > model.TrainedContext)
        {
            throw new ModelLoadException(
                $"Inference:Context is {wanted}, more than the {model.TrainedContext} tokens that it was trained for");
        }

        return new ContextSettings(ContextSettings.CellsFor(wanted, model.TrainedContext), BatchSize, MaxSequences: 1, threads);
    }

    public override void Dispose()
    {
        _served?.Engine.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Let the server start listening first: health has an answer from the beginning.
        await Task.Yield();
        try
        {
            GgufFile.Inspect(options.Model);
            if (!options.IsTried)
            {
                await CheckSumAsync(stoppingToken);
                await (options.Trial ? ModelTrial.RunAsync(options, stoppingToken) : Task.CompletedTask);
            }

            _served = Load();
            // Answers end when the host is told to stop; the server waits for them before it disposes of anything.
            lifetime.ApplicationStopping.Register(_served.Engine.Stop);
            Log.Ready(_logger, _served.Id, LoadingFor.TotalMilliseconds);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopped before it was ready.
        }
        catch (ModelLoadException error)
        {
            GiveUp($"Cannot serve the model {options.Model}: {error.Message}.");
        }
        catch (Exception error) when (error is not UnreachableException)
        {
            GiveUp($"Cannot serve the model {options.Model}: {error.GetType().Name}, {error.Message}");
        }
    }

    private async Task CheckSumAsync(CancellationToken cancellationToken)
    {
        if (options.ModelSha256 is null)
        {
            return;
        }

        await using var file = File.OpenRead(options.Model);
        var sum = Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellationToken));
        if (!sum.Equals(options.ModelSha256, StringComparison.OrdinalIgnoreCase))
        {
            throw new ModelLoadException($"its SHA-256 is {sum}, not the {options.ModelSha256} of Inference:ModelSha256");
        }
    }

    private ServedModel Load()
    {
        var runtime = Runtimes.Create(options.Runtime, loggers);
        // Known from the header, because a GPU's memory is shared out before the weights are read.
        var (shape, label) = GgufFile.Inspect(options.Model);
        var cells = EngineSettings.CellsFor(options, ContextSettings.CellsFor(options.Context, shape.TrainedContext));
        var devices = runtime.Devices;
        var layers = GpuPlacement.Layers(options.Runtime.Gpu, devices, shape, cells);
        var model = runtime.Load(
            options.Model, new ModelSettings(!options.Trial, cells) { Gpu = options.Runtime.Gpu with { Layers = layers } });
        var template = PromptTemplate.Of(model);
        GoldenPrompts.Check(options.Model, template);
        var engine = new InferenceEngine(
            model, EngineSettings.Of(options, Settings(model, options.Context, options.Threads)), meter, clock,
            loggers.CreateLogger<InferenceEngine>());
        ComputesOn(Engine.Accelerator.Of(Memory.Gpu.IsThere, devices.Count, layers));
        engine.Failed += () => GiveUp("llama.cpp failed and could not be set up again.");
        Log.Loaded(_logger, runtime.Name, engine.Cells, options.Threads);
        return new ServedModel(options.ModelId, model, template, engine, label, clock.GetUtcNow());
    }

    private void ComputesOn(string accelerator)
    {
        _accelerator = accelerator;
        if (_accelerator == Engine.Accelerator.Wasted)
        {
            Log.GpuIsWasted(_logger);
        }
    }

    private void GiveUp(string reason)
    {
        Environment.ExitCode = 1;
        _failure = string.Join(' ', reason.Split('\n', '\r'));
        Say(_failure);
        lifetime.StopApplication();
    }

    private static void Say(string line)
    {
        try
        {
            Console.Error.WriteLine(line);
        }
        catch (IOException)
        {
            // A full disk behind standard error must not change how this ends.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Loaded by {Runtime}: context {Cells} tokens, {Threads} threads.")]
        public static partial void Loaded(ILogger logger, string runtime, int cells, int threads);

        [LoggerMessage(2, LogLevel.Information, "Model {Model} is ready after {Milliseconds:0} ms.")]
        public static partial void Ready(ILogger logger, string model, double milliseconds);

        [LoggerMessage(3, LogLevel.Error, "This machine has a GPU, and llama.cpp computes on the processor: no backend of it can use the device, or no layer was put on it.")]
        public static partial void GpuIsWasted(ILogger logger);
    }
}
