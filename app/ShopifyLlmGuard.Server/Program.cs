using ShopifyLlmGuard;
using ShopifyLlmGuard.Server;
using ShopifyLlmGuard.Server.Gateway;
using ShopifyLlmGuard.Server.Jobs;
using ShopifyLlmGuard.Server.Ops;
using ShopifyLlmGuard.Server.Ops.Records;
using ShopifyLlmGuard.Server.Shopify;
using ShopifyLlmGuard.Server.Staff;
using ShopifyLlmGuard.Server.Storefront;
using ShopifyLlmGuard.Server.Trust;
using ShopifyLlmGuard.Server.Webhooks;

var builder = WebApplication.CreateBuilder(args);
builder.AddDoor();
builder.Services.AddGuard(builder.Configuration).AddTrust().AddShopify().AddStorefront().AddGateway().AddRecords().AddStaffPages().AddWebhooks().AddJobs(builder.Configuration);
builder.Services.AddTelemetry(builder.Configuration);

var app = builder.Build();
if (app.SaysWhatIsWrong())
{
    return 1;
}

if (args is ["keys", .. var words])
{
    return await app.Services.GetRequiredService<KeyDesk>().RunAsync(words, Console.Out);
}

if (args is ["incident", .. var about])
{
    return await app.Services.GetRequiredService<IncidentCommand>().RunAsync(about, Console.Out);
}

if (args is ["audit", .. var asked])
{
    return await app.Services.GetRequiredService<AuditCommand>().RunAsync(asked, Console.Out);
}

if (args is ["release", .. var release])
{
    return await ActivatorUtilities.CreateInstance<ReleaseVerbs>(app.Services).RunAsync(release, Console.Out);
}

app.UseOverheadMeter();
app.UseProblems();
app.UseTrust();
app.UseWhen(FirstVisit.MayBe, staff => staff.UseMiddleware<FirstVisit>());
app.MapGroup("/proxy").RequireAppProxy().MapStorefront();
app.MapGroup("/v1").RequireGatewayKey().MapGateway();
app.MapGroup("/webhooks").RequireSignedBody().MapWebhooks();
app.MapStaffPages();
app.MapBounce();
app.MapTelemetry();
app.PublishChanges();
await app.RunAsync();
return 0;
