using Microsoft.Extensions.Options;

namespace ShopifyLlmGuard.Releases.Comparing;

/// <summary>Judges two releases by what was counted of them until now.</summary>
internal sealed class ReleaseComparison(ReleaseMinutes minutes, IOptions<ReleaseOptions> options)
{
    /// <summary>By what all servers counted.</summary>
    public async Task<ReleaseVerdict> JudgeAsync(string feature, ReleasePair pair, CancellationToken cancellationToken) =>
        ReleaseJudge.Judge(await minutes.ReadAsync(feature, pair, cancellationToken), pair.Share, options.Value);

    /// <summary>By what this server counted.</summary>
    public ReleaseVerdict JudgeOwn(string feature, ReleasePair pair) => ReleaseJudge.Judge(minutes.ReadOwn(feature, pair), pair.Share, options.Value);
}
