using ShopifyLlmGuard.Inference.Engine.Admission;
using ShopifyLlmGuard.Inference.Llama;

namespace ShopifyLlmGuard.Inference.Engine;

/// <param name="Context">The context; its cells hold all answers and kept prefixes together.</param>
/// <param name="Longest">Tokens that one prompt and its answer may have together.</param>
/// <param name="Admission">Who is let in.</param>
/// <param name="KeptCells">Cells that ended answers may keep for prompts that begin like them.</param>
internal sealed record EngineSettings(ContextSettings Context, int Longest, AdmissionLimits Admission, int KeptCells)
{
    // Kept prefixes beside each running answer; a sequence costs next to nothing.
    private const int KeptPerSlot = 3;

    /// <param name="options">What the operator wants.</param>
    /// <param name="alone">The context that one answer needs.</param>
    public static EngineSettings Of(InferenceOptions options, ContextSettings alone)
    {
        var cells = CellsFor(options, alone.Cells);
        var sequences = options.Parallel * (options.KeptPercent > 0 ? 1 + KeptPerSlot : 1);
        var batch = Math.Max(alone.BatchSize, options.Parallel);
        return new EngineSettings(
            alone with { Cells = cells, MaxSequences = sequences, BatchSize = batch },
            alone.Cells,
            new AdmissionLimits(options.Parallel, options.QueueLength, options.PerCaller, options.FirstToken, options.ShadowAdmission),
            (int)((long)cells * options.KeptPercent / 100));
    }

    /// <param name="options">What the operator wants.</param>
    /// <param name="alone">The cells that one answer needs.</param>
    public static int CellsFor(InferenceOptions options, int alone) =>
        options.Cells > 0 ? Math.Max(options.Cells, alone) : options.Parallel == 1 ? alone : alone * 2;
}

/// <summary>What the engine shares with the scheduler on its thread.</summary>
internal sealed record EngineParts(
    AdmissionLimits Limits, int KeptCells, WaitingLine Line, Pace Pace, Progress Progress, InferenceMeter Meter, TimeProvider Clock)
{
    public static EngineParts Of(EngineSettings settings, InferenceMeter meter, TimeProvider clock)
    {
        var (pace, progress) = (new Pace(), new Progress(clock));
        var limits = settings.Admission with { Cells = settings.Context.Cells };
        var line = new WaitingLine(limits, pace, progress, clock);
        return new EngineParts(limits, settings.KeptCells, line, pace, progress, meter, clock);
    }
}
