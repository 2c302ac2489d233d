using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ShopifyLlmGuard.Releases;

/// <summary>A versioned model, prompt and parameters of a feature. Never changed: another prompt is another release.</summary>
public sealed class Release
{
    /// <summary>What every feature has before anyone releases anything: any model, the guard's own prompt.</summary>
    public const string BuiltIn = "built-in";

    /// <summary>A short name, e.g. <c>chat-7b-q8-3</c>; unique.</summary>
    public required string Id { get; init; }

    /// <summary>The feature's key.</summary>
    public required string Feature { get; init; }

    public required ReleaseBundle Bundle { get; init; }
    public required DateTimeOffset AddedAt { get; init; }
    public required string AddedBy { get; init; }

    internal static Release BuiltInOf(string feature) =>
        new() { Id = BuiltIn, Feature = feature, Bundle = new(), AddedAt = DateTimeOffset.MinValue, AddedBy = "guard" };
}

/// <summary>One run of a release's golden prompts. Holds what was wrong, never what was answered.</summary>
public sealed class GoldenRun
{
    public long Id { get; init; }
    public required string Release { get; init; }
    public required bool Passed { get; init; }
    public required IReadOnlyList<GoldenResult> Results { get; init; }
    public required string Actor { get; init; }
    public required DateTimeOffset At { get; init; }
}

/// <summary>How one golden prompt ended at one endpoint, or the check of what that has loaded.</summary>
/// <param name="Prompt">The prompt's name; in brackets, what else was checked.</param>
/// <param name="Problem">What was wrong; null when it passed.</param>
/// <param name="Endpoint">Who was asked; null when there was nobody to ask.</param>
/// <param name="Milliseconds">How long it took.</param>
public sealed record GoldenResult(string Prompt, string? Problem, string? Endpoint, double Milliseconds)
{
    /// <summary>Why it was not checked at all; null when it was. That is no problem, and no success either.</summary>
    public string? Unchecked { get; init; }
}

internal sealed class ReleaseMapping : IEntityTypeConfiguration<Release>, IEntityTypeConfiguration<GoldenRun>
{
    public void Configure(EntityTypeBuilder<Release> builder)
    {
        builder.HasKey(release => release.Id);
        builder.Property(release => release.Bundle).HasColumnType("jsonb").HasConversion(
            bundle => JsonSerializer.Serialize(bundle, JsonSerializerOptions.Web),
            json => JsonSerializer.Deserialize<ReleaseBundle>(json, JsonSerializerOptions.Web)!);
    }

    public void Configure(EntityTypeBuilder<GoldenRun> builder)
    {
        builder.HasIndex(run => new { run.Release, run.Id });
        builder.Property(run => run.Results).HasColumnType("jsonb").HasConversion(
            results => JsonSerializer.Serialize(results, JsonSerializerOptions.Web),
            json => JsonSerializer.Deserialize<IReadOnlyList<GoldenResult>>(json, JsonSerializerOptions.Web)!);
    }
}
