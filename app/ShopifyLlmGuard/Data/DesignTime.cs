using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace ShopifyLlmGuard.Data;

/// <summary>For <c>dotnet ef migrations add</c>, which needs the model and no database.</summary>
internal sealed class DesignTime : IDesignTimeDbContextFactory<GuardDb>
{
    public GuardDb CreateDbContext(string[] args) => new(new DbContextOptionsBuilder<GuardDb>()
        .UseNpgsql(npgsql => npgsql.MigrationsHistoryTable("migrations", GuardDb.Schema)).Options);
}
