using System.Data.Common;
using Microsoft.EntityFrameworkCore;

namespace ShopifyLlmGuard.Admin.Reading;

/// <summary>Tells a database that is away, which pages must survive, from a bug, which they must not hide.</summary>
internal static class DatabaseTrouble
{
    public const string Sentence = "The guard's database is not answering, so nothing was changed. Please try again in a moment.";

    public static bool Is(Exception exception) =>
        exception is DbException or DbUpdateException or TimeoutException
        // Entity Framework wraps a lost connection in this when no retry strategy is set.
        || (exception is InvalidOperationException { InnerException: { } inner } && Is(inner));
}
