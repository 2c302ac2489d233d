using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using ShopifyLlmGuard.Inference.Llama;

namespace ShopifyLlmGuard.Inference.Engine;

/// <summary>
/// Loads the model and computes one token in a child process. llama.cpp ends its process on some broken files, and
/// computes garbage with others: the child may do both, and the host then says so in one line instead of dying with it.
/// </summary>
internal static class ModelTrial
{
    /// <summary>The first argument of the child.</summary>
    public const string Argument = "--trial";

    private const int Interrupted = 128 + 2;
    private const int Terminated = 128 + 15;

    /// <exception cref="ModelLoadException">The child failed, crashed, or did not end in time.</exception>
    public static async Task RunAsync(InferenceOptions options, CancellationToken cancellationToken)
    {
        using var child = Start(options);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.LoadWithin);
        try
        {
            var said = child.StandardOutput.ReadToEndAsync(limit.Token);
            _ = child.StandardError.ReadToEndAsync(limit.Token);
            await child.WaitForExitAsync(limit.Token);
            if (child.ExitCode is Interrupted or Terminated)
            {
                // A terminal's Ctrl-C reaches both processes: then this one is about to stop too, and nothing crashed.
                await Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System, cancellationToken);
            }

            ThrowIfFailed(child.ExitCode, (await said).Trim());
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ModelLoadException(string.Create(
                CultureInfo.InvariantCulture, $"it was not loaded within {options.LoadWithin.TotalSeconds:0.#} s"));
        }
        finally
        {
            if (!child.HasExited)
            {
                child.Kill();
            }
        }
    }

    /// <summary>The child's whole life.</summary>
    public static int Run(string[] arguments)
    {
        EndWithParent();
        try
        {
            var cells = int.Parse(arguments[2], CultureInfo.InvariantCulture);
            var settings = RuntimeSettings.FromArgument(arguments[3]);
            var runtime = Runtimes.Create(settings, NullLoggerFactory.Instance);
            using var model = runtime.Load(arguments[1], new ModelSettings(CheckTensors: true, cells) { Gpu = settings.Gpu });
            var prompt = PromptTemplate.Of(model).Render([new ChatTurn("user", "Hello")]);
            using var context = model.CreateContext(ModelHost.Settings(model, cells, threads: 1));
            using var sampler = model.CreateSampler(SamplingSettings.Greedy);
            ComputeOneToken(context, sampler, prompt);
            return 0;
        }
        catch (ModelLoadException error)
        {
            Console.Out.WriteLine(error.Message);
            return 1;
        }
    }

    private static void ComputeOneToken(ILlmContext context, ILlmSampler sampler, int[] prompt)
    {
        var batch = new TokenBatch(context.BatchSize);
        var last = 0;
        var length = Math.Min(prompt.Length, batch.Capacity);
        for (var position = 0; position < length; position++)
        {
            last = batch.Add(prompt[position], position, sequence: 0, wantsOutput: position == length - 1);
        }

        if (context.Decode(batch) != DecodeResult.Ok)
        {
            throw new ModelLoadException("llama.cpp cannot compute with it");
        }

        if (context.Sample(last, sampler) is null)
        {
            throw new ModelLoadException("its weights compute values that are not numbers");
        }
    }

    private static Process Start(InferenceOptions options)
    {
        var start = OwnProgram.With(
            Argument, options.Model, options.Context.ToString(CultureInfo.InvariantCulture), options.Runtime.ToArgument());
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.Environment["DOTNET_TieredPGO"] = "0";
        return Process.Start(start)!;
    }

    private static void ThrowIfFailed(int exitCode, string said)
    {
        switch (exitCode)
        {
            case 0:
                return;
            case 1 when said.Length > 0:
                throw new ModelLoadException(said);
            default:
                throw new ModelLoadException(string.Create(
                    CultureInfo.InvariantCulture, $"llama.cpp crashed while loading it (exit code {exitCode})"));
        }
    }

    // The pipe to the parent ends when the parent does, however it ended.
    private static void EndWithParent() => new Thread(() =>
    {
        while (Console.In.Read() >= 0)
        {
        }

        Process.GetCurrentProcess().Kill();
    }) { IsBackground = true }.Start();
}
