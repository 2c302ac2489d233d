using System.Net;
using AngleSharp.Dom;
using AngleSharp.Html.Parser;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using ShopifyLlmGuard.Admin;
using ShopifyLlmGuard.Data;
using ShopifyLlmGuard.Health;
using ShopifyLlmGuard.Shops;

namespace ShopifyLlmGuard.Tests.Admin;

/// <summary>The admin's pages over HTTP, on the real library and a database of their own. The caller is already proven.</summary>
public sealed class AdminSite : IAsyncDisposable
{
    public const string Shop = Guard.Shop;
    public const string Staff = "42";
    public const string Context = "?shop=carewell.myshopify.com&host=YWRtaW4&embedded=1";
    public static readonly DateTimeOffset Noon = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    private readonly WebApplication app;
    private readonly string directory;
    private readonly HttpClient client;

    private AdminSite(WebApplication app, string directory)
    {
        (this.app, this.directory) = (app, directory);
        client = new HttpClient(app.GetTestServer().CreateHandler()) { BaseAddress = new Uri("https://guard.example"), Timeout = TimeSpan.FromSeconds(60) };
    }

    public FakeTimeProvider Clock => (FakeTimeProvider)Get<TimeProvider>();

    public T Get<T>() where T : notnull => app.Services.GetRequiredService<T>();

    public GuardDb Db() => Get<Microsoft.EntityFrameworkCore.IDbContextFactory<GuardDb>>().CreateDbContext();

    public static async Task<AdminSite> StartAsync(string? database = null, params (string Key, string? Value)[] settings)
    {
        var directory = Directory.CreateTempSubdirectory("guard-admin-").FullName;
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = "Production", ContentRootPath = directory });
        builder.WebHost.UseTestServer();
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["ConnectionStrings:Guard"] = database ?? PostgresCluster.Shared.NewDatabase(),
            ["Guard:DataDirectory"] = directory,
            ["Shopify:TokenKey"] = Convert.ToBase64String(new byte[32]),
            ["Llm:Endpoints:0:Id"] = "local-1",
            ["Llm:Endpoints:0:Url"] = "http://127.0.0.1:9",
            ["Llm:Endpoints:0:Region"] = "eu-local",
            ["Llm:Endpoints:0:Jurisdiction"] = "EU",
            ["Llm:Endpoints:0:Model"] = "carewell-demo",
        });
        builder.Configuration.AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key, setting.Value)));
        builder.Services.AddSingleton<TimeProvider>(new FakeTimeProvider(Noon));
        builder.Services.AddGuard(builder.Configuration);

        // Moving the clock would let it look at an endpoint that is not there, and change what the test has written.
        builder.Services.Remove(builder.Services.Single(service => service.ImplementationType == typeof(AfterValidation<HealthWatch>)));
        builder.Services.AddRazorComponents();
        builder.Services.AddSingleton(new AdminOptions("client-id-123", "https://cdn.example"));
        var app = builder.Build();
        app.Use((context, next) =>
        {
            context.RequestServices.GetRequiredService<CurrentShop>().Prove(Shop, Staff);
            return next(context);
        });
        app.MapRazorComponents<App>().DisableAntiforgery();
        await app.StartAsync();
        var site = new AdminSite(app, directory);
        if (database is null)
        {
            await site.Get<ShopRegistry>().InstallAsync(new ShopInstallation(Shop, "Carewell", "EUR", "gid://shopify/AppInstallation/1"), null);
            await site.Get<Snapshots>().RefreshAsync();
        }

        return site;
    }

    /// <summary>Opens a page.</summary>
    public async Task<AdminPage> OpenAsync(string path = "/") => await AdminPage.ReadAsync(
        this, await client.GetAsync(new Uri(path + (path.Contains('?') ? "" : Context), UriKind.Relative)));

    /// <summary>Posts a form and follows its redirect, as a browser does.</summary>
    public async Task<AdminPage> PostAsync(string path, IEnumerable<KeyValuePair<string, string>> fields)
    {
        using var content = new FormUrlEncodedContent(fields);
        var response = await client.PostAsync(new Uri(path + Context, UriKind.Relative), content);
        return response.StatusCode == HttpStatusCode.Found
            ? await OpenAsync(response.Headers.Location!.ToString())
            : await AdminPage.ReadAsync(this, response);
    }

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await app.StopAsync();
        await app.DisposeAsync();
        Directory.Delete(directory, recursive: true);
    }
}

/// <summary>A page as it arrived.</summary>
public sealed record AdminPage(AdminSite Site, HttpResponseMessage Response, IDocument Document)
{
    public string Html => Document.DocumentElement.OuterHtml;

    /// <summary>What the page says happened, good or bad.</summary>
    public string? Announced => Document.QuerySelector("[data-announce]")?.TextContent;

    public string Path => Response.RequestMessage!.RequestUri!.AbsolutePath;

    public static async Task<AdminPage> ReadAsync(AdminSite site, HttpResponseMessage response) => new(
        site, response, await new HtmlParser().ParseDocumentAsync(await response.Content.ReadAsStringAsync()));

    /// <summary>The section of a feature, by its heading.</summary>
    public IElement Section(string heading) => Document.QuerySelector($"s-section[heading='{heading}']")!;

    /// <summary>The words of a section or of the whole page, with single blanks.</summary>
    public string Words(string? heading = null) => string.Join(' ',
        (heading is null ? Document.Body! : Section(heading)).TextContent.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    /// <summary>Fills in and submits the form with this handler name, as a browser does.</summary>
    public Task<AdminPage> SubmitAsync(string handler, params (string Name, string Value)[] typed)
    {
        var form = Document.QuerySelector($"input[name='_handler'][value='{handler}']")?.Closest("form")
            ?? throw new InvalidOperationException($"The page has no form '{handler}'.");
        var fields = form.QuerySelectorAll("[name]").Where(field => field.LocalName != "button")
            .ToDictionary(field => field.GetAttribute("name")!, field => field.GetAttribute("value") ?? "");
        foreach (var (name, value) in typed)
        {
            fields[name] = value;
        }

        return Site.PostAsync(Path, fields);
    }
}
