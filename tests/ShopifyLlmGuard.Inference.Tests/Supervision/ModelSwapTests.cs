using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace ShopifyLlmGuard.Inference.Tests.Supervision;

/// <summary>Another model comes without a failed request, and a bad one does not come at all.</summary>
public sealed class ModelSwapTests
{
    private const string Key = "sesame";

    [Fact]
    public async Task Traffic_moves_and_what_has_begun_is_finished()
    {
        // Slow enough that the stream is still under way when the traffic moves, on any machine: both need the same processor.
        var first = new TinyModel { Layers = 8 }.Write(Models.NewPath("first.gguf"));
        var second = new TinyModel().Write(Models.NewPath("second.gguf"));
        await using var front = await Front.StartAsync("--model", first, "--Inference:AdminKey", Key, "--Inference:DrainWithin", "00:02:00");
        var worker = await front.WorkerAsync();
        using var streaming = await front.AskAsync(EndlessHost.LongQuestion(stream: true, maxTokens: 2000));
        var reading = streaming.Content.ReadAsStringAsync();
        using var over = new CancellationTokenSource();
        var asking = Enumerable.Range(0, 2).Select(async _ =>
        {
            var answers = 0;
            for (; !over.IsCancellationRequested; answers++)
            {
                await front.AskAsync(EndlessHost.ShortQuestion()).TextAsync();
            }

            return answers;
        }).ToArray();
        using var swapped = await SwapAsync(front, new { model = second });

        Assert.Equal(HttpStatusCode.OK, swapped.StatusCode);
        await over.CancelAsync();
        Assert.All(await Task.WhenAll(asking), answers => Assert.True(answers > 0));
        Assert.EndsWith("data: [DONE]\n\n", await reading, StringComparison.Ordinal);
        Assert.Equal("second", (await front.HealthAsync()).GetProperty("model").GetString());
        await Front.UntilGoneAsync(worker);
        Assert.Equal(0, await front.RestartsAsync());

        // What was swapped in is also what starts again.
        var next = await front.WorkerAsync();
        Front.Send("KILL", next);
        await front.UntilAnotherAsync(next);
        await front.UntilAsync(health => health?.GetProperty("model").GetString() == "second");
    }

    [Fact]
    public async Task A_swap_that_takes_long_does_not_hold_up_the_restart_of_a_killed_worker()
    {
        var second = new TinyModel().Write(Models.NewPath("second.gguf"));
        await using var front = await Front.StartAsync("--Inference:AdminKey", Key, "--Inference:WedgedAfter", "00:05:00", "--Inference:Trial", "false");
        var worker = await front.WorkerAsync();
        var swapping = SwapAsync(front, new { model = second });
        var loading = await front.ChildBesideAsync(worker);
        Front.Send("STOP", loading);
        Front.Send("KILL", worker);
        await front.UntilAnotherAsync(worker);

        await front.AskAsync(EndlessHost.ShortQuestion()).TextAsync();
        Assert.False(swapping.IsCompleted);
        Front.Send("CONT", loading);
        using var swapped = await swapping;
        Assert.Equal(HttpStatusCode.OK, swapped.StatusCode);
        Assert.Equal(loading, await front.WorkerAsync());
        await front.UntilAsync(health => health?.GetProperty("model").GetString() == "second");
    }

    [Fact]
    public async Task A_bad_model_leaves_the_one_before_and_says_why()
    {
        await using var front = await Front.StartAsync("--Inference:AdminKey", Key);
        var worker = await front.WorkerAsync();
        var broken = Models.NewPath("broken.gguf");
        await File.WriteAllBytesAsync(broken, File.ReadAllBytes(Models.Endless)[..5000]);

        Assert.Contains("no such file", await RefusalAsync(front, new { model = "/nowhere.gguf" }), StringComparison.Ordinal);
        Assert.Contains("header", await RefusalAsync(front, new { model = broken }), StringComparison.Ordinal);
        Assert.Contains("SHA-256", await RefusalAsync(front, new { model = Models.Endless, sha256 = new string('a', 64) }), StringComparison.Ordinal);
        Assert.Equal(worker, await front.WorkerAsync());
        Assert.Equal(0, await front.RestartsAsync());
        await front.AskAsync(EndlessHost.ShortQuestion()).TextAsync();
    }

    [Fact]
    public async Task Only_the_admin_key_opens_it_and_without_one_it_is_not_there()
    {
        await using var open = await Front.StartAsync("--Inference:AdminKey", Key, "--Inference:ApiKey", "other");
        await using var closed = await Front.StartAsync();
        using var wrong = await SwapAsync(open, new { model = Models.Endless }, "other");
        using var relative = await SwapAsync(open, new { model = "tiny.gguf" });
        using var nowhere = await SwapAsync(closed, new { model = Models.Endless });

        Assert.Equal(HttpStatusCode.Unauthorized, wrong.StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, relative.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, nowhere.StatusCode);
        using var keyless = await open.AskAsync(EndlessHost.ShortQuestion());
        Assert.Equal(HttpStatusCode.Unauthorized, keyless.StatusCode);
    }

    [Fact]
    public async Task A_hangup_serves_what_lies_there_now()
    {
        var path = new TinyModel().Write(Models.NewPath());
        await using var front = await HostProcess.ReadyAsync(path, "--supervise");
        var worker = await front.WorkerAsync();
        var before = await front.AskAsync(EndlessHost.ShortQuestion()).TextAsync();
        // As an operator must: a file that is written in place changes under the worker that has it mapped.
        File.Move(new TinyModel { Width = 128 }.Write(Models.NewPath()), path, overwrite: true);
        front.Send("HUP");

        await front.UntilAnotherAsync(worker);
        Assert.NotEqual(before, await front.AskAsync(EndlessHost.ShortQuestion()).TextAsync());
        Assert.Equal(0, await front.RestartsAsync());
    }

    [Fact]
    public async Task A_hangup_with_broken_settings_changes_nothing()
    {
        // The settings of an environment that only this host is in.
        var environment = $"Hangup{Guid.NewGuid():N}";
        var settings = Path.Combine(AppContext.BaseDirectory, $"appsettings.{environment}.json");
        await using var front = HostProcess.Start(["--supervise", "--model", Models.Endless], ("DOTNET_ENVIRONMENT", environment));
        front.Http.BaseAddress = await front.ListeningAsync();
        await front.UntilAsync(health => health is not null);
        var worker = await front.WorkerAsync();
        try
        {
            await File.WriteAllTextAsync(settings, "{ \"Inference\": { \"Threads\": 1, } oops");
            front.Send("HUP");

            await front.UntilAsync(_ => front.Errors.Length > 0);
            Assert.StartsWith("Goes on with the model before: ", Assert.Single(front.Errors), StringComparison.Ordinal);
            Assert.Equal(worker, await front.WorkerAsync());
            await front.AskAsync(EndlessHost.ShortQuestion()).TextAsync();
        }
        finally
        {
            File.Delete(settings);
        }

        front.Send("HUP");
        await front.UntilAnotherAsync(worker);
    }

    [Theory]
    [InlineData("GET", "/foo", null, "", 404, "unknown_url")]
    [InlineData("GET", "/admin/model", Key, "", 405, "method_not_allowed")]
    [InlineData("POST", "/admin/model", null, "{ oops", 401, "invalid_api_key")]
    [InlineData("POST", "/admin/model", Key, "{ oops", 400, "invalid_value")]
    [InlineData("POST", "/admin/model", Key, "{}", 400, "invalid_value")]
    public async Task Every_refusal_of_the_front_has_the_shape_of_the_others(
        string method, string path, string? key, string body, int status, string code)
    {
        await using var front = HostProcess.Start(["--supervise", "--model", Models.Endless, "--Inference:AdminKey", Key]);
        front.Http.BaseAddress = await front.ListeningAsync();
        var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Content = body.Length > 0 ? new StringContent(body, Encoding.UTF8, "application/json") : null;
        request.Headers.Authorization = key is null ? null : new AuthenticationHeaderValue("Bearer", key);

        Assert.Equal(code, await front.Http.SendAsync(request).CodeAsync((HttpStatusCode)status));
    }

    private static Task<HttpResponseMessage> SwapAsync(HostProcess front, object body, string key = Key) => front.Http.SendAsync(
        new HttpRequestMessage(HttpMethod.Post, "/admin/model")
        {
            Content = JsonContent.Create(body),
            Headers = { Authorization = new AuthenticationHeaderValue("Bearer", key) },
        });

    private static async Task<string> RefusalAsync(HostProcess front, object body)
    {
        using var response = await SwapAsync(front, body);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, response.StatusCode);
        return (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("error").GetProperty("message").GetString()!;
    }
}
