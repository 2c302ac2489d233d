using ShopifyLlmGuard.Simulator;
using ShopifyLlmGuard.Simulator.Admin;
using ShopifyLlmGuard.Simulator.Platform;
using ShopifyLlmGuard.Simulator.Shop;
using ShopifyLlmGuard.Simulator.Storefront;

var builder = WebApplication.CreateBuilder(args);

builder.Services.AddOptions<SimulatorOptions>().BindConfiguration(SimulatorOptions.Section)
    .ValidateDataAnnotations().ValidateOnStart();
builder.Services.AddSingleton(TimeProvider.System);
builder.Services.AddShop();
builder.Services.AddStorefront();
builder.Services.AddPlatform();
builder.Services.AddAdmin();

var app = builder.Build();

app.UseStorefront();
app.MapStorefront();
app.MapPlatform();
app.MapAdmin();

app.Run();
