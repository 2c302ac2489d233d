using System.ComponentModel.DataAnnotations;

namespace ShopifyLlmGuard.Releases;

/// <summary>Section <c>Releases</c>: how a new release proves itself.</summary>
public sealed class ReleaseOptions : IValidatableObject
{
    /// <summary>Time between two looks at a new release.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:00:30")]
    public TimeSpan CheckEvery { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How likely a release that is as good as its predecessor may be rolled back by accident: for each share that it has, and each day
    /// that it keeps one, over all signals and however often one looks. See <see cref="Comparing.AnswerFactors"/>.
    /// </summary>
    [Range(0.000_001, 0.1)]
    public double FalseAlarms { get; set; } = 0.001;

    /// <summary>A release that spoils no more than this part of the answers that its predecessor would have given well is still as good.</summary>
    [Range(0.01, 0.5)]
    public double Tolerance { get; set; } = 0.05;

    /// <summary>A token that takes this many times the predecessor's average is slow.</summary>
    [Range(1.1, 10)]
    public double SlowFactor { get; set; } = 1.5;

    /// <summary>The shares that an automatic rollout goes through, in percent.</summary>
    public IList<int> Steps { get; } = [];

    internal IReadOnlyList<int> StepsOrUsual => Steps.Count > 0 ? [.. Steps] : [5, 25, 50, 100];

    /// <summary>The shortest time of a share.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "7.00:00:00")]
    public TimeSpan StepAfter { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Fewer good answers than this, of the release or of its predecessor, prove nothing, however long they took to come.</summary>
    [Range(1, 1_000_000)]
    public int EnoughAnswers { get; set; } = 50;

    /// <summary>How long a promoted release is still watched.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "7.00:00:00")]
    public TimeSpan WatchAfterPromotion { get; set; } = TimeSpan.FromMinutes(30);

    /// <summary>The share of the visitors who keep the predecessor for that long, in percent: those are whom a promoted release is compared with.</summary>
    [Range(1, 50)]
    public int HoldOut { get; set; } = 10;

    /// <summary>How long counts by minute are kept.</summary>
    [Range(typeof(TimeSpan), "1.00:00:00", "400.00:00:00")]
    public TimeSpan KeepFor { get; set; } = TimeSpan.FromDays(30);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        var steps = StepsOrUsual;
        if (steps.Any(step => step is < 1 or > 100) || steps.Zip(steps.Skip(1)).Any(pair => pair.First >= pair.Second) || steps[^1] != 100)
        {
            yield return new ValidationResult("Releases:Steps must grow from 1 or more to 100.", [nameof(Steps)]);
        }
    }
}
