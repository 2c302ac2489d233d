using System.Net;
using Fluid.Ast;

namespace ShopifyLlmGuard.Simulator.Storefront.Liquid;

/// <summary>Tags that a theme has and an app block has not: <c>section</c>, <c>content_for 'blocks'</c>, <c>form</c>.</summary>
internal static class ThemeTags
{
    public static readonly IReadOnlyDictionary<string, ExtraTag> All = new Dictionary<string, ExtraTag>
    {
        ["section"] = (markup, _) =>
        {
            var name = markup.Quoted();
            return Writes(page => page.Theme.SectionAsync(name, page));
        },
        ["content_for"] = (markup, _) =>
        {
            markup.Expect("'blocks'");
            return Writes(page => page.Theme.AppBlocksAsync(page));
        },
        ["form"] = Form,
    };

    private static CallbackStatement Writes(Func<Page, Task<string>> text) => new(async (writer, _, context) =>
    {
        await writer.WriteAsync(await text(Page.Of(context)));
        return Completion.Normal;
    });

    private static CallbackStatement Form(LiquidMarkup markup, Func<IReadOnlyList<Statement>> block)
    {
        var type = markup.Quoted();
        var action = type switch
        {
            "product" => "/cart/add",
            "contact" => "/contact",
            "customer_login" => "/account/login",
            _ => throw markup.Wrong($"form has no type '{type}' here."),
        };
        var arguments = markup.Take(",") ? markup.Arguments() : [];
        var statements = block();
        return new(async (writer, encoder, context) =>
        {
            await writer.WriteAsync($"""<form method="post" action="{Page.Of(context).Path(action)}" accept-charset="UTF-8" """);
            foreach (var argument in arguments.Where(argument => argument.Name is not null))
            {
                var value = (await argument.Expression.EvaluateAsync(context)).ToStringValue();
                await writer.WriteAsync($"{argument.Name}=\"{WebUtility.HtmlEncode(value)}\" ");
            }

            await writer.WriteAsync($"""><input type="hidden" name="form_type" value="{type}">""");
            foreach (var statement in statements)
            {
                await statement.WriteToAsync(writer, encoder, context);
            }

            await writer.WriteAsync("</form>");
            return Completion.Normal;
        });
    }
}
