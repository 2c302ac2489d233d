using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;

namespace ShopifyLlmGuard.Inference.Tests;

/// <summary>How the host starts and ends.</summary>
public sealed class StartTests
{
    [Fact]
    public async Task Every_mistake_in_the_options_is_told_at_once()
    {
        await using var host = HostProcess.Start(
            ["--Inference:Model", "", "--Inference:Threads", "none", "--Inference:QueueLength", "-1", "--Inference:ModelSha256", "abc"]);

        Assert.Equal(1, await host.ExitCodeAsync(TimeSpan.FromSeconds(30)));
        var line = Assert.Single(host.Errors);
        Assert.All(
            ["Threads", "QueueLength", "ModelSha256", "--model"],
            (string part) => Assert.Contains(part, line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_taken_port_is_one_line()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        await using var host = HostProcess.Start(["--model", Models.Endless, "--urls", $"http://{taken.LocalEndpoint}"]);

        Assert.Equal(1, await host.ExitCodeAsync(TimeSpan.FromSeconds(30)));
        Assert.Contains("address already in use", Assert.Single(host.Errors), StringComparison.Ordinal);
        Assert.DoesNotContain(host.Output, line => line.Contains("   at ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("http://0.0.0.0:0")]
    [InlineData("http://*:0")]
    [InlineData("http://[::]:0")]
    [InlineData("http://127.0.0.1:0;http://0.0.0.0:0")]
    public async Task Without_a_key_it_listens_to_this_machine_only(string urls)
    {
        await using var host = HostProcess.Start(["--model", Models.Endless, "--urls", urls]);

        Assert.Equal(1, await host.ExitCodeAsync(TimeSpan.FromSeconds(30)));
        Assert.Contains("Inference:ApiKey", Assert.Single(host.Errors), StringComparison.Ordinal);
        Assert.DoesNotContain(host.Output, line => line.Contains("   at ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_start_on_the_processor_of_a_machine_with_a_gpu_is_told_loudly()
    {
        await using var host = await HostProcess.ReadyBesideGpuAsync(Models.Endless);

        Assert.Equal("cpu-despite-gpu", (await host.HealthAsync()).GetProperty("accelerator").GetString());
        Assert.Equal("1", await host.MetricAsync("^llm_accelerator.*kind=\"cpu-despite-gpu\""));
        var told = Array.FindIndex(host.Output, line => line.Contains("This machine has a GPU", StringComparison.Ordinal));
        Assert.StartsWith("fail:", host.Output[told - 1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_a_key_it_may_listen_to_others()
    {
        await using var host = HostProcess.Start(["--model", Models.Endless, "--urls", "http://0.0.0.0:0", "--Inference:ApiKey", "sesame"]);

        Assert.Equal("0.0.0.0", (await host.ListeningAsync()).Host);
    }

    [Fact]
    public async Task The_environment_names_the_model_and_the_command_line_outranks_it()
    {
        await using var byEnvironment = HostProcess.Start([], ("MODEL", Models.Endless));
        byEnvironment.Http.BaseAddress = await byEnvironment.ListeningAsync();
        await byEnvironment.UntilAsync(health => health?.GetProperty("model").GetString() == "tiny");
        await using var byArgument = HostProcess.Start(["--model", Models.Endless], ("MODEL", "/nowhere.gguf"));
        byArgument.Http.BaseAddress = await byArgument.ListeningAsync();

        await byArgument.UntilAsync(health => health?.GetProperty("model").GetString() == "tiny");
    }

    [Fact]
    public async Task It_listens_on_loopback_only()
    {
        await using var host = await HostProcess.ReadyAsync(Models.Endless);

        Assert.True(IPAddress.IsLoopback(IPAddress.Parse(host.Http.BaseAddress!.Host)));
        Assert.DoesNotContain(host.Output, line => line.Contains("llama_", StringComparison.Ordinal));
        Assert.Empty(host.Errors);
    }

    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    public async Task A_signal_ends_it_cleanly_in_the_middle_of_an_answer(string signal)
    {
        await using var host = await HostProcess.ReadyAsync(Models.Endless, "--Inference:Context", "16384");
        var asking = host.AskAsync(EndlessHost.LongQuestion());
        await host.UntilAsync(health => health?.GetProperty("running").GetInt32() == 1);
        host.Send(signal);

        Assert.Equal(0, await host.ExitCodeAsync(TimeSpan.FromSeconds(10)));
        using var answer = await asking;
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Empty(host.Errors);
    }

    [Fact]
    public async Task A_signal_ends_it_cleanly_while_it_loads()
    {
        await using var host = HostProcess.Start(["--model", Models.Endless]);
        await host.ListeningAsync();
        host.Send("TERM");

        Assert.Equal(0, await host.ExitCodeAsync(TimeSpan.FromSeconds(10)));
        Assert.Empty(host.Errors);
    }

    [Fact]
    public async Task A_key_guards_the_api_but_not_health_and_metrics()
    {
        await using var host = await HostProcess.ReadyAsync(Models.Endless, "--Inference:ApiKey", "sesame");
        async Task<HttpStatusCode> Ask(string path, string? key)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.Authorization = key is null ? null : AuthenticationHeaderValue.Parse(key);
            using var response = await host.Http.SendAsync(request);
            return response.StatusCode;
        }

        Assert.Equal(HttpStatusCode.Unauthorized, await Ask("/v1/models", null));
        Assert.Equal(HttpStatusCode.Unauthorized, await Ask("/v1/models", "Bearer sesam"));
        Assert.Equal(HttpStatusCode.Unauthorized, await Ask("/v1/models", "Basic sesame"));
        Assert.Equal(HttpStatusCode.OK, await Ask("/v1/models", "Bearer sesame"));
        Assert.Equal(HttpStatusCode.OK, await Ask("/health", null));
        Assert.Equal(HttpStatusCode.OK, await Ask("/metrics", null));
        using var refused = await host.AskAsync(EndlessHost.ShortQuestion());
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
    }

    [Fact]
    public async Task An_empty_answer_is_an_error()
    {
        var path = new TinyModel { OutputConstant = 0 }.Write(Models.NewPath());
        await using var host = await HostProcess.ReadyAsync(path);
        using var answer = await host.AskAsync(EndlessHost.ShortQuestion());

        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        Assert.Contains("empty_answer", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Values_that_are_not_numbers_are_an_error()
    {
        var path = new TinyModel { OutputConstant = 3e38f }.Write(Models.NewPath());
        await using var host = await HostProcess.ReadyAsync(path, "--Inference:Trial", "false");
        using var answer = await host.AskAsync(EndlessHost.ShortQuestion());

        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        Assert.Contains("not_a_number", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_shipped_model_answers_in_words()
    {
        await using var host = await HostProcess.ReadyAsync(Models.Demo);
        using var response = await host.AskAsync(new
        {
            messages = new object[]
            {
                new
                {
                    role = "system",
                    content = "You are the shop assistant of Carewell. Answer in one or two short sentences. Name products only by their "
                        + "marker.\n[1] Pulse Mini: Wrist blood pressure monitor with a small travel case\n[2] Warm Pad: Heating pad",
                },
                new { role = "user", content = "which blood pressure monitor is good for travel?" },
            },
            temperature = 0,
            max_tokens = 96,
        });
        var choice = (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("choices")[0];

        Assert.Equal("stop", choice.GetProperty("finish_reason").GetString());
        Assert.Contains("[1]", choice.GetProperty("message").GetProperty("content").GetString(), StringComparison.Ordinal);
    }
}
