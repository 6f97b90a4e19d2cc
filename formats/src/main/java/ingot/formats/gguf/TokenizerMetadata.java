package ingot.formats.gguf;

import ingot.formats.tokenizer.PreTokenization;
import ingot.formats.tokenizer.TokenList;
import java.util.List;

/** The vocabulary of a tokenizer as metadata of a file: what {@link GgufModel#tokenizer} reads. */
public final class TokenizerMetadata {
    private TokenizerMetadata() {}

    /** Puts model, pre-tokenizer, tokens with their types, and merges. */
    public static void put(TokenList list, PreTokenization preTokenization, MetadataWriter out) {
        List<Integer> kinds = list.kinds().stream()
                .map(kind -> switch (kind) {
                    case NORMAL -> TokenizerBuilder.NORMAL;
                    case CONTROL -> TokenizerBuilder.CONTROL;
                    case ADDED -> TokenizerBuilder.USER_DEFINED;
                    case UNUSED -> TokenizerBuilder.UNUSED;
                })
                .toList();
        String pre = switch (preTokenization) {
            case QWEN2 -> "qwen2";
            case QWEN3_5 -> "qwen35";
        };
        out.text("tokenizer.ggml.model", "gpt2")
                .text("tokenizer.ggml.pre", pre)
                .texts("tokenizer.ggml.tokens", list.tokens())
                .integers("tokenizer.ggml.token_type", kinds)
                .texts("tokenizer.ggml.merges", list.merges());
    }
}
