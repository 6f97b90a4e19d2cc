package ingot.formats.gguf;

import ingot.formats.Text;
import ingot.formats.tokenizer.PreTokenization;
import ingot.formats.tokenizer.TokenList;
import ingot.formats.tokenizer.TokenizerConfig;
import ingot.formats.tokenizer.TokenizerData;
import java.util.AbstractList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The tokenizer in {@code tokenizer.*} of a file. llama.cpp stores no normalizer; every Qwen tokenizer has NFC, so that is
 * what is taken.
 */
final class TokenizerBuilder {
    /** Values of {@code tokenizer.ggml.token_type} (llama.h, llama_token_type). */
    static final int NORMAL = 1;

    static final int CONTROL = 3;
    static final int USER_DEFINED = 4;
    static final int UNUSED = 5;

    private static final String MODEL = "tokenizer.ggml.model";
    private static final String PRE = "tokenizer.ggml.pre";
    private static final String TOKENS = "tokenizer.ggml.tokens";
    private static final String TYPES = "tokenizer.ggml.token_type";
    private static final String MERGES = "tokenizer.ggml.merges";
    private static final String TEMPLATE = "tokenizer.chat_template";

    private static final List<String> QWEN_SPECIALS = List.of("<|endoftext|>", "<|im_start|>", "<|im_end|>");

    private final Metadata metadata;

    private TokenizerBuilder(Metadata metadata) {
        this.metadata = metadata;
    }

    /** The tokenizer; empty when the file has none. */
    static Optional<TokenizerData> build(Metadata metadata) {
        boolean none = metadata.optionalText(MODEL).orElse("none").equals("none");
        return none ? Optional.empty() : Optional.of(new TokenizerBuilder(metadata).build());
    }

    private TokenizerData build() {
        String model = metadata.optionalText(MODEL).orElse("");
        if (!model.equals("gpt2")) {
            throw metadata.mismatch(MODEL, Text.quote(model) + " is not supported; expected gpt2 (byte-level BPE)");
        }
        metadata.requireFloats("tokenizer.ggml.scores");
        List<String> tokens = metadata.strings(TOKENS);
        MetadataValue.NumberArray types = metadata.integers(TYPES);
        if (types == null || types.size() != tokens.size()) {
            throw metadata.bad(
                    TYPES,
                    (types == null ? 0 : types.size()) + " entries; expected one for each of " + tokens.size()
                            + " tokens");
        }
        var list = new TokenList(tokens, kinds(types), metadata.strings(MERGES));
        return list.read(preTokenization(tokens), config(tokens), metadata.file());
    }

    private List<TokenList.Kind> kinds(MetadataValue.NumberArray types) {
        return new AbstractList<>() {
            @Override
            public TokenList.Kind get(int id) {
                long type = types.whole(id);
                return switch ((int) Math.clamp(type, 0, 100)) {
                    case NORMAL -> TokenList.Kind.NORMAL;
                    case CONTROL -> TokenList.Kind.CONTROL;
                    case USER_DEFINED -> TokenList.Kind.ADDED;
                    case UNUSED -> TokenList.Kind.UNUSED;
                    default ->
                        throw metadata.bad(
                                TYPES,
                                "token id " + id + " has type " + type
                                        + "; expected 1 (normal), 3 (control), 4 (user-defined) or 5 (unused)");
                };
            }

            @Override
            public int size() {
                return types.size();
            }
        };
    }

    private PreTokenization preTokenization(List<String> tokens) {
        Optional<String> pre = metadata.optionalText(PRE);
        if (pre.isEmpty()) {
            if (isQwens(tokens)) {
                return PreTokenization.QWEN2;
            }
            throw metadata.mismatch(
                    PRE,
                    "missing, and the tokens are not those of Qwen2; convert the model to GGUF again with a newer"
                            + " llama.cpp, or set the key to qwen2 if that is what it is");
        }
        return switch (pre.get()) {
            // llama-vocab.cpp gives both names one expression.
            case "qwen2", "deepseek-r1-qwen" -> PreTokenization.QWEN2;
            default ->
                throw metadata.mismatch(
                        PRE, Text.quote(pre.get()) + " is not supported; expected qwen2 or deepseek-r1-qwen");
        };
    }

    /** What is taken for granted about the tokenizer of a file; empty when it has none. */
    static List<String> warnings(Metadata metadata) {
        boolean silent = metadata.optionalText(MODEL).filter("gpt2"::equals).isPresent() && !metadata.has(PRE);
        return silent && isQwens(metadata.strings(TOKENS))
                ? List.of("no metadata key '" + PRE + "'; the tokens are Qwen2's, so text is split as Qwen2 does")
                : List.of();
    }

    /** Whether the first special tokens of Qwen2 and Qwen3 follow each other. */
    private static boolean isQwens(List<String> tokens) {
        return Collections.indexOfSubList(tokens, QWEN_SPECIALS) >= 0;
    }

    private TokenizerConfig config(List<String> tokens) {
        boolean addBos = metadata.optionalFlag("tokenizer.ggml.add_bos_token").orElse(false);
        return new TokenizerConfig(
                addBos ? token(tokens, "tokenizer.ggml.bos_token_id") : null,
                token(tokens, "tokenizer.ggml.eos_token_id"),
                token(tokens, "tokenizer.ggml.padding_token_id"),
                templates(),
                null);
    }

    private @Nullable String token(List<String> tokens, String key) {
        if (!metadata.has(key)) {
            return null;
        }
        int id = metadata.requireInt(key, 0, Integer.MAX_VALUE);
        if (id >= tokens.size()) {
            throw metadata.bad(key, id + "; there are " + tokens.size() + " tokens");
        }
        return tokens.get(id);
    }

    /** The default template, then those with a name, {@code tokenizer.chat_template.NAME}. */
    private Map<String, String> templates() {
        Map<String, String> templates = new LinkedHashMap<>();
        metadata.optionalText(TEMPLATE).ifPresent(t -> templates.put(TokenizerConfig.DEFAULT_TEMPLATE, t));
        for (String key : metadata.keys()) {
            if (key.startsWith(TEMPLATE + ".")) {
                metadata.optionalText(key)
                        .ifPresent(t -> templates.putIfAbsent(key.substring(TEMPLATE.length() + 1), t));
            }
        }
        return templates;
    }
}
