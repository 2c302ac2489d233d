using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ShopifyLlmGuard.Privacy;

/// <summary>Proof that a privacy request was carried out: what kind, when, how many rows. Never whose.</summary>
public sealed class PrivacyRecord
{
    public const string DataRequest = "customers/data_request", CustomerRedaction = "customers/redact", ShopRedaction = "shop/redact";

    public long Id { get; init; }
    public required string Shop { get; init; }

    /// <summary><c>customers/data_request</c>, <c>customers/redact</c> or <c>shop/redact</c>.</summary>
    public required string Kind { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>How many rows were found (a data request), emptied (a customer) or deleted (a shop).</summary>
    public required int Rows { get; init; }

    /// <summary>What was found and done, in sentences that a merchant can hand on as they are.</summary>
    public string Statement => Kind switch
    {
        DataRequest => $"{NothingIsKept} {(Rows == 0 ? "It holds no data about this customer." : $"The only data about this customer: {Messages} from Shopify in its inbox with the customer's identifiers, as Shopify sent them.")}",
        CustomerRedaction => $"{NothingIsKept} {(Rows == 0 ? "There was nothing to erase about this customer." : $"The customer's identifiers were erased from {Messages} in its inbox.")}",
        _ => $"Everything that Shopify LLM Guard held about the shop was deleted ({Rows} rows).",
    };

    private const string NothingIsKept =
        "Shopify LLM Guard stores no conversations, no questions, no answers and no customer profiles.";

    private string Messages => Rows == 1 ? "1 message" : $"{Rows} messages";
}

internal sealed class PrivacyRecordMapping : IEntityTypeConfiguration<PrivacyRecord>
{
    public void Configure(EntityTypeBuilder<PrivacyRecord> builder) => builder.HasIndex(record => record.Shop);
}
