using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using Microsoft.Extensions.Configuration;
using ShopifyLlmGuard.Inference.Engine;
using ShopifyLlmGuard.Inference.Llama;
using Xunit.Abstractions;

namespace ShopifyLlmGuard.Inference.Tests.Llama;

/// <summary>
/// 120 files, each broken otherwise and always the same way. Whatever is wrong with one, the trial ends with one line about
/// it or lets it pass; what passes is swapped into a running host and answers. Nothing crashes the host, and nothing hangs.
/// </summary>
public sealed class CorruptModelTests(ITestOutputHelper output)
{
    private const int Files = 120;

    // Each costs a process; the trial has computed with the others too.
    private const int Served = 10;

    private static readonly byte[] Whole = File.ReadAllBytes(Models.Endless);
    private static readonly int Weights = Whole.AsSpan().IndexOf("blk.1.ffn_down.weight"u8) + 64;

    [Fact]
    public async Task Every_one_is_refused_in_one_line_or_served()
    {
        var folder = Path.GetDirectoryName(Models.NewPath())!;
        var refusals = new ConcurrentDictionary<int, string>();
        await Parallel.ForAsync(0, Files, new ParallelOptions { MaxDegreeOfParallelism = 3 }, async (number, cancellationToken) =>
        {
            var path = Path.Combine(folder, $"{number}.gguf");
            await File.WriteAllBytesAsync(path, Break(number), cancellationToken);
            if (await RefusalAsync(path) is { } refusal)
            {
                refusals[number] = refusal;
                File.Delete(path);
            }
        });

        output.WriteLine($"{refusals.Count} refused: {string.Join("; ", refusals.Values.Select(refusal => refusal.Split('\'')[0]).GroupBy(refusal => refusal).Select(group => $"{group.Count()} {group.Key}"))}");
        Assert.All(refusals.Values, refusal => Assert.False(string.IsNullOrWhiteSpace(refusal)));
        Assert.DoesNotContain(refusals.Values, refusal => refusal.Contains("was not loaded within", StringComparison.Ordinal));
        // Neither of the two ways is the only one, or this proves less than it says.
        Assert.InRange(refusals.Count, Files / 4, Files - Served);
        var passed = Enumerable.Range(0, Files).Where(number => !refusals.ContainsKey(number)).ToArray();
        await ServeAsync(passed.Where((_, index) => index % (passed.Length / Served) == 0).Select(number => Path.Combine(folder, $"{number}.gguf")));
    }

    private static async Task<string?> RefusalAsync(string path)
    {
        try
        {
            GgufFile.Inspect(path);
            await ModelTrial.RunAsync(Options(path), CancellationToken.None);
            return null;
        }
        catch (ModelLoadException error)
        {
            return error.Message;
        }
    }

    private static async Task ServeAsync(IEnumerable<string> paths)
    {
        await using var front = await Front.StartAsync("--Inference:AdminKey", "sesame", "--Inference:Trial", "false");
        foreach (var path in paths)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/admin/model") { Content = JsonContent.Create(new { model = path }) };
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", "sesame");
            using var swapped = await front.Http.SendAsync(request);
            Assert.True(swapped.IsSuccessStatusCode, $"{path}: {await swapped.Content.ReadAsStringAsync()}");
            using var answer = await front.AskAsync(EndlessHost.ShortQuestion());
            Assert.True(answer.IsSuccessStatusCode || (await answer.Content.ReadAsStringAsync()).Contains("\"code\":", StringComparison.Ordinal));
        }

        Assert.Equal(0, await front.RestartsAsync());
    }

    private static byte[] Break(int number)
    {
        var random = new Random(number);
        byte[] bytes = [.. Whole];
        switch (number % 6)
        {
            case 0: bytes[random.Next(24, Weights)] = (byte)random.Next(256); break;
            case 1: bytes[random.Next(24, 1000)] ^= (byte)(1 << random.Next(8)); break;
            case 2: bytes[random.Next(Weights - 2000, Weights)] ^= (byte)(1 << random.Next(8)); break;
            case 3: random.NextBytes(bytes.AsSpan(random.Next(24, bytes.Length - 64), 64)); break;
            case 4: bytes.AsSpan(random.Next(24, bytes.Length - 4096), random.Next(1, 4096)).Clear(); break;
            default:
                var at = random.Next(24, Weights);
                bytes = [.. bytes[..at], (byte)random.Next(256), .. bytes[at..]];
                break;
        }

        return bytes;
    }

    private static InferenceOptions Options(string path) => InferenceOptions.Read(
        new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["model"] = path,
            ["Inference:LoadWithin"] = "00:00:30",
            ["LLAMA_LIBRARY"] = Environment.GetEnvironmentVariable("LLAMA_LIBRARY"),
        }).Build(),
        Path.GetTempPath()).Options;
}
