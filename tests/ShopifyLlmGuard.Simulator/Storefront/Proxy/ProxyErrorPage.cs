namespace ShopifyLlmGuard.Simulator.Storefront.Proxy;

/// <summary>What Shopify shows in place of an app that is not there: a whole HTML page, never the app's JSON.</summary>
internal static class ProxyErrorPage
{
    public static string Html(int status) => $$"""
        <!doctype html>
        <html lang="en">
        <head>
          <meta charset="utf-8">
          <title>There was a problem loading this website</title>
          <meta name="viewport" content="width=device-width, initial-scale=1">
          <style>
            body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: #303030; background: #f1f1f1; }
            main { max-width: 34rem; margin: 18vh auto 0; padding: 0 1.5rem; }
            h1 { font-size: 1.4rem; }
            p { color: #616161; }
          </style>
        </head>
        <body>
          <main>
            <h1>There was a problem loading this website</h1>
            <p>The app that answers at this address could not be reached. Try again in a moment.</p>
            <p>{{status}}</p>
          </main>
        </body>
        </html>
        """;
}
