using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace ShopifyLlmGuard.Inference.Tests;

/// <summary>A supervised host: what a test asks of it beyond <see cref="HostProcess"/>.</summary>
internal static class Front
{
    public static Task<HostProcess> StartAsync(params string[] arguments) =>
        HostProcess.ReadyAsync(Models.Endless, ["--supervise", "--Inference:Context", "16384", "--Inference:Threads", "1", "--Inference:FirstToken", "00:10:00", .. arguments]);

    /// <summary>Its health, whatever the status.</summary>
    public static async Task<JsonElement> FrontHealthAsync(this HostProcess host)
    {
        using var response = await host.Http.GetAsync("/health");
        return await response.Content.ReadFromJsonAsync<JsonElement>();
    }

    public static async Task<int> WorkerAsync(this HostProcess host) =>
        (await host.FrontHealthAsync()).GetProperty("worker").GetProperty("process").GetInt32();

    public static async Task<int> RestartsAsync(this HostProcess host) =>
        (await host.FrontHealthAsync()).GetProperty("worker").GetProperty("restarts").GetInt32();

    public static async Task<string?> LastEndAsync(this HostProcess host) =>
        (await host.FrontHealthAsync()).GetProperty("worker").GetProperty("last_end").GetString();

    /// <summary>Waits until a worker serves that is not this one.</summary>
    public static Task UntilAnotherAsync(this HostProcess host, int worker) => host.UntilAsync(health =>
        health?.GetProperty("worker").GetProperty("process") is { ValueKind: JsonValueKind.Number } process && process.GetInt32() != worker);

    /// <summary>Waits for a child of the front that is not this one.</summary>
    public static async Task<int> ChildBesideAsync(this HostProcess host, int worker)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            var children = Directory.GetDirectories($"/proc/{host.Id}/task").SelectMany(task => File.ReadAllText($"{task}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries)).Select(int.Parse);
            if (children.FirstOrDefault(child => child != worker && IsOfItsOwn(child, host.Id)) is > 0 and var other)
            {
                return other;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(2), TimeProvider.System, limit.Token);
        }
    }

    // A child that is still on its way into its program holds its parent's thread; whoever stops it then has stopped both.
    private static bool IsOfItsOwn(int child, int parent)
    {
        try
        {
            return File.ReadAllText($"/proc/{child}/cmdline") != File.ReadAllText($"/proc/{parent}/cmdline");
        }
        catch (IOException)
        {
            // It is gone already.
            return false;
        }
    }

    /// <summary>Waits until none serves.</summary>
    public static Task UntilNoneAsync(this HostProcess host) => host.UntilAsync(health => health is null);

    public static Task UntilRunningAsync(this HostProcess host, int count = 1) =>
        host.UntilAsync(health => health?.GetProperty("running").GetInt32() >= count);

    public static async Task<string?> CodeAsync(this Task<HttpResponseMessage> asking, HttpStatusCode expected)
    {
        using var response = await asking;
        Assert.Equal(expected, response.StatusCode);
        return (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("error").GetProperty("code").GetString();
    }

    public static async Task<string?> TextAsync(this Task<HttpResponseMessage> asking)
    {
        using var response = await asking;
        return (await response.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>())
            .GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString();
    }

    /// <summary>True when there is no such process, or only what its parent has not read yet.</summary>
    public static async Task UntilGoneAsync(int process)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (File.Exists($"/proc/{process}/stat") && !(await File.ReadAllTextAsync($"/proc/{process}/stat", limit.Token)).Contains(") Z ", StringComparison.Ordinal))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, limit.Token);
        }
    }

    public static void Send(string signal, int process) => HostProcess.Run("kill", $"-{signal}", process.ToString());
}
