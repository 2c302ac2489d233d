using System.Globalization;
using System.Text;
using System.Text.Json;
using ShopifyLlmGuard.Inference.Engine;

namespace ShopifyLlmGuard.Inference.Tests.Engine;

/// <summary>A model whose template renders otherwise than its golden prompts say is not served.</summary>
public sealed class GoldenPromptTests
{
    // By hand, from ChatML and the tiny model's vocabulary: token 1, the bytes, token 0.
    private static readonly int[] Right =
        [TinyModel.Start, .. Bytes("user\nhi"), TinyModel.End, .. Bytes("\n"), TinyModel.Start, .. Bytes("assistant\n")];

    [Fact]
    public async Task The_right_tokens_are_served()
    {
        await using var host = await HostProcess.ReadyAsync(Model(Json(Right)));

        Assert.Equal("ok", (await host.HealthAsync()).GetProperty("status").GetString());
    }

    [Fact]
    public void The_shipped_model_has_some_and_keeps_them()
    {
        using var model = Models.Load(Models.Demo);

        Assert.True(File.Exists(GoldenPrompts.PathFor(Models.Demo)));
        GoldenPrompts.Check(Models.Demo, PromptTemplate.Of(model));
    }

    public static TheoryData<string, string> Wrong => new()
    {
        { Json([.. Right[..5], 77, .. Right[6..]]), "golden prompt 1 has 77 as token 6" },
        { Json(Right[..^1]), "has nothing as token" },
        { Json([.. Right, 9]), "renders nothing" },
        { "[]", "no prompts" },
        { "{", "cannot be read" },
        { "[{\"messages\":null,\"tokens\":[1]}]", "cannot be read" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task Anything_else_is_one_line(string golden, string reason)
    {
        await using var host = HostProcess.Start(["--model", Model(golden), "--Inference:Trial", "false"]);

        Assert.Equal(1, await host.ExitCodeAsync(TimeSpan.FromSeconds(30)));
        Assert.Contains(reason, Assert.Single(host.Errors), StringComparison.Ordinal);
    }

    private static string Model(string golden)
    {
        var path = new TinyModel().Write(Models.NewPath());
        File.WriteAllText(GoldenPrompts.PathFor(path), golden);
        return path;
    }

    private static string Json(int[] tokens) => string.Create(
        CultureInfo.InvariantCulture, $$"""[{"messages":[{"role":"user","content":"hi"}],"tokens":{{JsonSerializer.Serialize(tokens)}}}]""");

    private static IEnumerable<int> Bytes(string text) => Encoding.UTF8.GetBytes(text).Select(each => each + TinyModel.Specials);
}
