package ingot.runtime.model;

import ingot.formats.hf.ModelConfig;
import java.util.Set;

/**
 * Names of what a decoder has once.
 *
 * @param prefix of everything but the head; checkpoints of the bare decoder lack it
 * @param modules first parts, behind the prefix, of the names of the decoder's tensors
 */
record ModelNames(String prefix, String embedding, String finalNorm, String head, Set<String> modules) {
    private static final ModelNames LLAMA = llama("model.");
    private static final ModelNames COMPOSITE = llama("model.language_model.");
    private static final ModelNames QWEN1 = new ModelNames(
            "transformer.",
            "transformer.wte.weight",
            "transformer.ln_f.weight",
            "lm_head.weight",
            Set.of("h", "wte", "ln_f"));

    static ModelNames of(ModelConfig config) {
        return switch (config.family().naming()) {
            case LLAMA -> LLAMA;
            case COMPOSITE -> COMPOSITE;
            case QWEN1 -> QWEN1;
        };
    }

    private static ModelNames llama(String prefix) {
        return new ModelNames(
                prefix,
                prefix + "embed_tokens.weight",
                prefix + "norm.weight",
                "lm_head.weight",
                Set.of("layers", "embed_tokens", "norm"));
    }

    /** A stored name without the prefix, if it has it. */
    String bare(String stored) {
        return stored.startsWith(prefix) ? stored.substring(prefix.length()) : stored;
    }
}
