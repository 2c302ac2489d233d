using Microsoft.Extensions.AI;
using ShopifyLlmGuard.Gateway;
using ShopifyLlmGuard.Llm;
using ShopifyLlmGuard.Tests.Llm;

namespace ShopifyLlmGuard.Tests.Gateway;

public sealed class InHouseAssistantTests
{
    [Fact]
    public async Task What_identifies_a_person_is_taken_out_of_the_prompt_and_of_where_the_answer_shall_stop()
    {
        await using var llm = await ScriptedLlm.StartAsync();
        await using var guard = await LlmGuard.StartAsync(llm);
        var attempt = await guard.Get<InHouseAssistant>().AskAsync(
            new InHouseCall(
                new Caller("key:test", ["EU"]), [new(ChatRole.User, "Write to anna@example.com, please.")],
                new Sampling(32) { Stop = ["anna@example.com", "<|end|>"] }),
            new Deadline(TimeProvider.System, TimeSpan.FromSeconds(10)));
        Assert.Null(attempt.Reason);
        var request = llm.Requests.Single(body => body.TryGetProperty("stop", out _));
        Assert.Equal(["{email-1}", "<|end|>"], request.GetProperty("stop").EnumerateArray().Select(stop => stop.GetString()));
        Assert.DoesNotContain(llm.Requests, body => body.ToString().Contains("anna@", StringComparison.Ordinal));
    }
}
