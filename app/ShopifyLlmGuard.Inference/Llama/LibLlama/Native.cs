using System.Runtime.InteropServices;

namespace ShopifyLlmGuard.Inference.Llama.LibLlama;

/// <summary>The functions of llama.cpp that are used, as llama.h declares them. <see cref="LlamaLibrary"/> finds the file.</summary>
internal static unsafe partial class Native
{
    public const string Library = "llama";

    // llama_split_mode: the whole model on one GPU.
    public const int NoSplit = 0;

    // Attributes of a vocabulary entry (llama_token_attr).
    public const int Unknown = 1 << 0;
    public const int Control = 1 << 3;
    public const int UserDefined = 1 << 4;
    public const int StripsBefore = 1 << 7;
    public const int StripsAfter = 1 << 8;

    [LibraryImport(Library)]
    public static partial nint llama_version();

    [LibraryImport(Library)]
    public static partial void llama_log_set(delegate* unmanaged<int, byte*, void*, void> callback, void* data);

    [LibraryImport(Library)]
    public static partial void ggml_log_set(delegate* unmanaged<int, byte*, void*, void> callback, void* data);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial void ggml_backend_load_all_from_path(string directory);

    [LibraryImport(Library)]
    public static partial void llama_backend_init();

    [LibraryImport(Library)]
    public static partial nuint llama_max_devices();

    [LibraryImport(Library)]
    public static partial ModelParams llama_model_default_params();

    [LibraryImport(Library)]
    public static partial ContextParams llama_context_default_params();

    [LibraryImport(Library)]
    public static partial SamplerChainParams llama_sampler_chain_default_params();

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial ModelHandle llama_model_load_from_file(string path, ModelParams parameters);

    [LibraryImport(Library)]
    public static partial void llama_model_free(nint model);

    [LibraryImport(Library)]
    public static partial nint llama_model_get_vocab(ModelHandle model);

    [LibraryImport(Library)]
    public static partial int llama_model_n_ctx_train(ModelHandle model);

    [LibraryImport(Library)]
    public static partial nint llama_model_chat_template(ModelHandle model, nint name);

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    public static partial bool llama_model_has_encoder(ModelHandle model);

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    public static partial bool llama_model_has_decoder(ModelHandle model);

    [LibraryImport(Library)]
    public static partial int llama_vocab_n_tokens(nint vocabulary);

    [LibraryImport(Library)]
    public static partial nint llama_vocab_get_text(nint vocabulary, int token);

    [LibraryImport(Library)]
    public static partial int llama_vocab_get_attr(nint vocabulary, int token);

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    public static partial bool llama_vocab_is_eog(nint vocabulary, int token);

    [LibraryImport(Library)]
    public static partial int llama_vocab_bos(nint vocabulary);

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    public static partial bool llama_vocab_get_add_bos(nint vocabulary);

    [LibraryImport(Library)]
    public static partial int llama_tokenize(
        nint vocabulary, byte* text, int length, int* tokens, int capacity,
        [MarshalAs(UnmanagedType.U1)] bool addSpecial, [MarshalAs(UnmanagedType.U1)] bool parseSpecial);

    [LibraryImport(Library)]
    public static partial int llama_token_to_piece(
        nint vocabulary, int token, byte* buffer, int capacity, int leftStrip, [MarshalAs(UnmanagedType.U1)] bool special);

    [LibraryImport(Library)]
    public static partial int llama_chat_apply_template(
        nint template, ChatMessage* messages, nuint count, [MarshalAs(UnmanagedType.U1)] bool openAssistant,
        byte* buffer, int capacity);

    [LibraryImport(Library)]
    public static partial ContextHandle llama_init_from_model(ModelHandle model, ContextParams parameters);

    [LibraryImport(Library)]
    public static partial void llama_free(nint context);

    [LibraryImport(Library)]
    public static partial uint llama_n_ctx(ContextHandle context);

    [LibraryImport(Library)]
    public static partial int llama_decode(ContextHandle context, Batch batch);

    [LibraryImport(Library)]
    public static partial float* llama_get_logits_ith(ContextHandle context, int index);

    [LibraryImport(Library)]
    public static partial nint llama_get_memory(ContextHandle context);

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    public static partial bool llama_memory_seq_rm(nint memory, int sequence, int start, int end);

    [LibraryImport(Library)]
    public static partial void llama_memory_seq_cp(nint memory, int from, int to, int start, int end);

    [LibraryImport(Library)]
    public static partial int llama_memory_seq_pos_max(nint memory, int sequence);

    [LibraryImport(Library)]
    public static partial SamplerHandle llama_sampler_chain_init(SamplerChainParams parameters);

    [LibraryImport(Library)]
    public static partial void llama_sampler_chain_add(SamplerHandle chain, nint sampler);

    [LibraryImport(Library)]
    public static partial nint llama_sampler_init_greedy();

    [LibraryImport(Library)]
    public static partial nint llama_sampler_init_top_k(int count);

    [LibraryImport(Library)]
    public static partial nint llama_sampler_init_top_p(float probability, nuint keep);

    [LibraryImport(Library)]
    public static partial nint llama_sampler_init_temp(float temperature);

    [LibraryImport(Library)]
    public static partial nint llama_sampler_init_dist(uint seed);

    [LibraryImport(Library)]
    public static partial nint llama_sampler_init_min_p(float probability, nuint keep);

    [LibraryImport(Library)]
    public static partial nint llama_sampler_init_penalties(
        int vocabularySize, int reach, float repetition, float frequency, float presence);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint llama_sampler_init_grammar(nint vocabulary, string grammar, string root);

    [LibraryImport(Library)]
    public static partial int llama_sampler_sample(SamplerHandle sampler, ContextHandle context, int index);

    [LibraryImport(Library)]
    public static partial void llama_sampler_free(nint sampler);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int setenv(string name, string value, int overwrite);
}
