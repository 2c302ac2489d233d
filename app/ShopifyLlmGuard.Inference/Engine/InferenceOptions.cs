namespace ShopifyLlmGuard.Inference.Engine;

/// <summary>Section <c>Inference</c> of the configuration.</summary>
internal sealed record InferenceOptions
{
    /// <summary>The GGUF file; also <c>--model PATH</c> or the environment's <c>MODEL</c>.</summary>
    public string Model { get; private set; } = "";

    /// <summary>Tokens that a prompt and its answer may have together; 0 takes what the model was trained for, up to 4096.</summary>
    public int Context { get; private set; }

    /// <summary>Processor threads for the model. Half of the processors leaves room for the shop beside it.</summary>
    public int Threads { get; private set; } = Math.Max(1, Environment.ProcessorCount / 2);

    /// <summary>Answers that are computed at the same time.</summary>
    public int Parallel { get; private set; } = 8;

    /// <summary>Tokens of all answers and kept prefixes together; 0 takes twice <see cref="Context"/>.</summary>
    public int Cells { get; private set; }

    /// <summary>How much of <see cref="Cells"/> may be kept for prompts that begin alike, of a caller's own only; 0 keeps nothing.</summary>
    public int KeptPercent { get; private set; } = 50;

    /// <summary>A chat or recommendation whose first token cannot come within this is refused at once.</summary>
    public TimeSpan FirstToken { get; private set; } = TimeSpan.FromSeconds(2.5);

    /// <summary>Requests of one caller, running and waiting; 0 is no limit of its own.</summary>
    public int PerCaller { get; private set; }

    /// <summary>Refuses only what there is no place for, and counts what it would have refused.</summary>
    public bool ShadowAdmission { get; private set; }

    /// <summary>Requests that may wait while others are answered; the next one is refused at once.</summary>
    public int QueueLength { get; private set; } = 8;

    /// <summary>Answers end here when the caller does not say how long they may be, in tokens.</summary>
    public int DefaultMaxTokens { get; private set; } = 256;

    /// <summary>The largest request body, in bytes.</summary>
    public int MaxBodyBytes { get; private set; } = 64 * 1024;

    /// <summary>When set, <c>/v1</c> wants <c>Authorization: Bearer KEY</c>.</summary>
    public string? ApiKey { get; private set; }

    /// <summary>When set, only a file with this SHA-256 (64 hexadecimal digits) is served.</summary>
    public string? ModelSha256 { get; private set; }

    /// <summary>Loads the model in a child process first, which may crash without harm.</summary>
    public bool Trial { get; private set; } = true;

    /// <summary>A model that is not loaded by then is given up.</summary>
    public TimeSpan LoadWithin { get; private set; } = TimeSpan.FromMinutes(5);

    /// <summary>Which llama.cpp computes, and on which GPU; its library is the environment's <c>LLAMA_LIBRARY</c>.</summary>
    public RuntimeSettings Runtime { get; private set; } = new();

    /// <summary>With <c>--supervise</c>: a model that works without a token, or a worker that says nothing, for so long is ended.</summary>
    public TimeSpan WedgedAfter { get; private set; } = TimeSpan.FromSeconds(5);

    /// <summary>With <c>--supervise</c>: how long a replaced worker may go on with the answers that it has begun.</summary>
    public TimeSpan DrainWithin { get; private set; } = TimeSpan.FromSeconds(30);

    /// <summary>With <c>--supervise</c>: opens <c>POST /admin/model</c> to whoever has this key.</summary>
    public string? AdminKey { get; private set; }

    /// <summary>What the process with the model may hold in memory, in MiB; 0 is all that the machine or its container has.</summary>
    public int MemoryLimitMb { get; private set; }

    /// <summary>From this share of any memory (the process's, the machine's or container's, a GPU's) on nothing new is accepted.</summary>
    public int MemorySoftPercent { get; private set; } = 92;

    /// <summary>From this share on the worker is replaced, with <c>--supervise</c>.</summary>
    public int MemoryHardPercent { get; private set; } = 97;

    /// <summary>Set by the front for its worker: this very file has served before, so its sum and its trial are known.</summary>
    public bool IsTried { get; private set; }

    /// <summary>Set by the front for its worker: where to say how it is.</summary>
    public string? BeatSocket { get; private set; }

    /// <summary>What <c>/v1/models</c> and answers call the model: the file's name.</summary>
    public string ModelId => Path.GetFileNameWithoutExtension(Model);

    /// <summary>Reads the options and every mistake in them, so that they can be mended in one go.</summary>
    public static (InferenceOptions Options, IReadOnlyList<string> Mistakes) Read(IConfiguration configuration, string contentRoot)
    {
        var values = new ConfiguredValues(configuration.GetSection("Inference"));
        var standard = new InferenceOptions();
        var options = new InferenceOptions
        {
            // A path typed by a person is meant from where they stand, one in a file from where the file is.
            Model = configuration["model"] is { Length: > 0 } typed
                ? Path.GetFullPath(typed)
                : values.Text("Model") is { } configured ? Path.GetFullPath(configured, contentRoot) : "",
            Context = values.Number("Context", standard.Context, 0, 1 << 20),
            Threads = values.Number("Threads", standard.Threads, 1, 512),
            Parallel = values.Number("Parallel", standard.Parallel, 1, 64),
            Cells = values.Number("Cells", standard.Cells, 0, 1 << 24),
            KeptPercent = values.Number("KeptPercent", standard.KeptPercent, 0, 100),
            FirstToken = values.Duration("FirstToken", standard.FirstToken),
            PerCaller = values.Number("PerCaller", standard.PerCaller, 0, 10_000),
            ShadowAdmission = values.Switch("ShadowAdmission", standard.ShadowAdmission),
            QueueLength = values.Number("QueueLength", standard.QueueLength, 0, 10_000),
            DefaultMaxTokens = values.Number("DefaultMaxTokens", standard.DefaultMaxTokens, 1, 1 << 20),
            MaxBodyBytes = values.Number("MaxBodyBytes", standard.MaxBodyBytes, 1024, 1 << 26),
            ApiKey = values.Text("ApiKey"),
            ModelSha256 = values.Text("ModelSha256"),
            Trial = values.Switch("Trial", standard.Trial),
            LoadWithin = values.Duration("LoadWithin", standard.LoadWithin),
            Runtime = RuntimeSettings.Read(values, configuration["LLAMA_LIBRARY"]),
            WedgedAfter = values.Duration("WedgedAfter", standard.WedgedAfter),
            DrainWithin = values.Duration("DrainWithin", standard.DrainWithin),
            AdminKey = values.Text("AdminKey"),
            MemoryLimitMb = values.Number("MemoryLimitMb", standard.MemoryLimitMb, 0, int.MaxValue),
            MemorySoftPercent = values.Number("MemorySoftPercent", standard.MemorySoftPercent, 1, 100),
            MemoryHardPercent = values.Number("MemoryHardPercent", standard.MemoryHardPercent, 1, 100),
            IsTried = values.Switch("IsTried", standard.IsTried),
            BeatSocket = values.Text("BeatSocket"),
        };
        if (options.Model.Length == 0)
        {
            values.Mistakes.Add("no model is set: give --model PATH or MODEL=PATH");
        }

        if (options.ModelSha256 is { } sha && (sha.Length != 64 || !sha.All(char.IsAsciiHexDigit)))
        {
            values.Mistakes.Add("Inference:ModelSha256 must be 64 hexadecimal digits");
        }

        if (options.MemorySoftPercent > options.MemoryHardPercent)
        {
            values.Mistakes.Add("Inference:MemorySoftPercent must not be above Inference:MemoryHardPercent");
        }

        return (options, values.Mistakes);
    }
}
