namespace ShopifyLlmGuard.Tests.Faults;

/// <summary>What a caller must get although something is broken.</summary>
internal enum Promise
{
    /// <summary>The whole right answer, from whoever can give it.</summary>
    Answer,

    /// <summary>A clean error, and nobody else is asked: a model's refusal is a result.</summary>
    Refusal,

    /// <summary>The whole right answer or a clean error, within the budget.</summary>
    AnswerOrError,
}

/// <summary>Where the caller's address of an endpoint leads.</summary>
internal enum Way
{
    Open,

    /// <summary>Through a <see cref="FaultProxy"/>.</summary>
    Proxied,

    /// <summary>To a name that no DNS knows.</summary>
    Nowhere,

    /// <summary>To a port that speaks HTTP, with TLS.</summary>
    Tls,
}

/// <summary>One way in which the first of two endpoints breaks.</summary>
/// <param name="Code">S01 to S16 are FailoverBench's scenarios, method v0.1; N are faults of the network, X further ones of the host.</param>
/// <param name="What">In words.</param>
/// <param name="Primary">What the first endpoint does: a key of <see cref="Behaviours"/>.</param>
/// <param name="Promise">What the caller must get.</param>
/// <param name="MostAttempts">How often one call may come to the first endpoint.</param>
internal sealed record Fault(string Code, string What, string Primary, Promise Promise = Promise.Answer, int MostAttempts = 2)
{
    public string Secondary { get; init; } = "ok";
    public Way Way { get; init; }
    public WireFault Wire { get; init; }

    /// <summary>The second endpoint breaks in the same way, and a third in another region does not.</summary>
    public bool WholeRegion { get; init; }

    /// <summary>A real host's address for the first endpoint; null for one that is played.</summary>
    public string? Url { get; init; }

    /// <summary>A second try at the first endpoint may not come before it asked for.</summary>
    public bool AsksToWait { get; init; }

    /// <summary>The host's other addresses, such as <c>/health</c>, are out together with its answers.</summary>
    public bool HidesNothing { get; init; }

    public bool IsOneOfSixteen => Code[0] == 'S';

    public override string ToString() => $"{Code} {What}";

    // S15, the outage of a minute, is a sequence of calls and stands apart.
    public static IReadOnlyList<Fault> All { get; } =
    [
        new("S01", "429 with Retry-After, once", "s01") { AsksToWait = true },
        new("S02", "429, always", "s02"),
        new("S03", "500, once", "s03"),
        new("S04", "503, always", "s04"),
        new("S05", "reset before the headers, once", "s05"),
        new("S06", "no answer at all", "s06", MostAttempts: 1),
        new("S07", "first token after 20 s", "s07", MostAttempts: 1),
        new("S08", "stream cut after 40 of 60 words", "s08"),
        new("S09", "stream stalls after 20 of 60 words", "s09"),
        new("S10", "malformed chunk", "s10"),
        new("S11", "no [DONE]", "s11"),
        new("S12", "context too long", "s12", MostAttempts: 1),
        new("S13", "content filter", "s13", Promise.Refusal, MostAttempts: 1),
        new("S14", "stream cut, the other endpoint refuses prefill", "s14") { Secondary = "ok-noprefill" },
        new("S16", "503, and the caller sees who answered", "s16"),
        new("N01", "reset after 600 bytes", "ok") { Way = Way.Proxied, Wire = WireFault.Reset },
        new("N02", "cut after 600 bytes", "ok") { Way = Way.Proxied, Wire = WireFault.Cut },
        new("N03", "black hole after accept", "ok", MostAttempts: 1) { Way = Way.Proxied, Wire = WireFault.BlackHole },
        new("N04", "connection refused", "ok") { Way = Way.Proxied, Wire = WireFault.Refused },
        new("N05", "bytes drip", "ok") { Way = Way.Proxied, Wire = WireFault.Drip },
        new("N06", "no such name", "ok") { Way = Way.Nowhere },
        new("N07", "TLS fails", "ok") { Way = Way.Tls },
        new("N08", "a region is cut off", "ok") { Way = Way.Proxied, Wire = WireFault.BlackHole, WholeRegion = true },
        new("X01", "one token a second", "drip", Promise.AnswerOrError),
        new("X02", "garbage instead of JSON", "garbage"),
        new("X03", "a 200 with an HTML page", "html"),
        new("X04", "an answer of 10 MB", "large", Promise.AnswerOrError),
        new("X05", "an endless answer", "endless", Promise.AnswerOrError),
        new("X06", "wrong content length", "wrong-length"),
        new("X07", "an error inside a 200", "refused-in-band"),
        new("X08", "flaps every 3 s", "flap"),
        new("X09", "two endpoints fail in turn, 3 s each", "flap") { Secondary = "flop" },
    ];

    /// <summary>The outage of a minute.</summary>
    public static Fault Outage { get; } = new("S15", "503 for 60 s, then healthy", "s15") { HidesNothing = true };

    /// <summary>The same of a host that says all the time that it is well: only its answers tell.</summary>
    public static Fault HiddenOutage { get; } = new("S15", "503 for 60 s behind a green light, then healthy", "s15");
}
