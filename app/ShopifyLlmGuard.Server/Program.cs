using ShopifyLlmGuard;
using ShopifyLlmGuard.Server;
using ShopifyLlmGuard.Server.Gateway;
using ShopifyLlmGuard.Server.Jobs;
using ShopifyLlmGuard.Server.Ops;
using ShopifyLlmGuard.Server.Ops.Bypassing;
using ShopifyLlmGuard.Server.Ops.CommandLine;
using ShopifyLlmGuard.Server.Ops.Desks;
using ShopifyLlmGuard.Server.Ops.Records;
using ShopifyLlmGuard.Server.Shopify;
using ShopifyLlmGuard.Server.Staff;
using ShopifyLlmGuard.Server.Storefront;
using ShopifyLlmGuard.Server.Trust;
using ShopifyLlmGuard.Server.Webhooks;

if (GuardCommand.IsMeant(args) && GuardCommand.Answer(args, Console.Out) is { } said)
{
    return said;
}

var builder = WebApplication.CreateBuilder(args);
builder.AddDoor();
builder.Services.AddGuard(builder.Configuration).AddTrust().AddShopify().AddStorefront().AddGateway().AddOps().AddRecords().AddDesks().AddStaffPages().AddWebhooks().AddJobs(builder.Configuration);
builder.Services.AddTelemetry(builder.Configuration);

if (GuardCommand.IsMeant(args))
{
    builder.Logging.ClearProviders();
    return await GuardCommand.RunAsync(builder.Build().Services, args, Console.Out);
}

var app = builder.Build();
if (app.SaysWhatIsWrong())
{
    return 1;
}

app.UseOverheadMeter();
app.UseProblems();
app.UseTrust();
app.UseWhen(FirstVisit.MayBe, staff => staff.UseMiddleware<FirstVisit>());
app.MapGroup("/proxy").RequireAppProxy().MapStorefront();
app.MapGroup("/v1").RequireGatewayKey().MapGateway();
app.MapGroup("/webhooks").RequireSignedBody().MapWebhooks();
app.MapGroup("/ops").RequireOperator().MapBypass();
app.MapGroup("/ops/incidents").RequireIncidentSource().MapIncidents();
app.MapIncidentHandshake();
app.MapStaffPages();
app.MapBounce();
app.MapTelemetry();
app.PublishChanges();
await app.RunAsync();
return 0;
