namespace ShopifyLlmGuard.Server;

internal static class OverheadMeter
{
    private static readonly (string Path, string Door)[] Doors = [("/v1", "gateway"), ("/proxy", "storefront")];

    /// <summary>Measures the guard's own share of every answer's time; stands before everything else.</summary>
    public static void UseOverheadMeter(this WebApplication app)
    {
        var meter = app.Services.GetRequiredService<GuardMeter>();
        foreach (var (path, door) in Doors)
        {
            app.UseWhen(context => context.Request.Path.StartsWithSegments(path), branch => branch.Use(async (context, next) =>
            {
                var overhead = Overhead.Begin();
                try
                {
                    await next(context);
                }
                finally
                {
                    meter.Own(door, overhead.Own());
                }
            }));
        }
    }
}
