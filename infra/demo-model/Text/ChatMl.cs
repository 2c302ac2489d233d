using ShopifyLlmGuard.DemoModel.Tokens;

namespace ShopifyLlmGuard.DemoModel.Text;

/// <summary>The chat template that the exported file carries, rendered as llama.cpp renders it.</summary>
internal static class ChatMl
{
    public const string Template = "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content']"
        + " + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

    public const string Ask = Tokenizer.Start + "assistant\n";

    public static string Turn(string role, string text) => $"{Tokenizer.Start}{role}\n{text}{Tokenizer.End}\n";
}
