using System.Collections.Immutable;

namespace ShopifyLlmGuard.Incidents.Rules;

/// <summary>How a source proves that it is the source.</summary>
public enum ProofKind
{
    /// <summary><c>Authorization: Bearer SECRET</c>.</summary>
    Bearer,

    /// <summary><c>Authorization: Basic</c>; the secret is <c>user:password</c>.</summary>
    Basic,

    /// <summary>A header of the operator's choice holds the secret.</summary>
    Header,

    /// <summary>A header holds an HMAC-SHA256 of the raw body, and where there is a timestamp, of that as well.</summary>
    Signature,
}

/// <summary>What a source must show. Section <c>Incidents:Sources:NAME</c>.</summary>
/// <param name="Kind">The one kind of proof that counts.</param>
/// <param name="Header">The header that holds the secret or the signature.</param>
/// <param name="TimestampHeader">The header with the time that is signed along; null when none is.</param>
/// <param name="Secrets">All that are good now: two while one replaces another.</param>
/// <param name="Origins">CloudEvents senders that may register; empty lets any ask, since each delivery is proven anyway.</param>
public sealed record SourceProof(
    ProofKind Kind, string Header, string? TimestampHeader, ImmutableArray<string> Secrets, ImmutableArray<string> Origins);
