package ingot.formats.gguf;

import ingot.formats.json.Json;
import java.math.BigDecimal;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.node.ObjectNode;

/**
 * The generation_config.json that a file's metadata amounts to: {@code general.sampling.*} and the tokens that end a text.
 * Of those a file names one; llama.cpp also stops at {@code <|im_end|>} and {@code <|endoftext|>} wherever they are control
 * tokens (llama-vocab.cpp), which is what Qwen's own generation_config.json lists for chat models.
 */
final class GenerationBuilder {
    private static final String END_OF_TEXT = "<|endoftext|>";
    private static final String END_OF_TURN = "<|im_end|>";
    private static final int MAX_ID = (1 << 24) - 1;

    private GenerationBuilder() {}

    static Optional<ObjectNode> build(Metadata metadata) {
        ObjectNode node = Json.object();
        metadata.optionalInt("tokenizer.ggml.bos_token_id", 0, MAX_ID).ifPresent(id -> node.put("bos_token_id", id));
        metadata.optionalInt("tokenizer.ggml.padding_token_id", 0, MAX_ID)
                .ifPresent(id -> node.put("pad_token_id", id));
        Set<Integer> ends = ends(metadata);
        if (!ends.isEmpty()) {
            var array = node.putArray("eos_token_id");
            ends.forEach(array::add);
        }
        number(node, "temperature", metadata, "temp");
        number(node, "top_p", metadata, "top_p");
        number(node, "repetition_penalty", metadata, "penalty_repeat");
        metadata.optionalInt("general.sampling.top_k", 0, Integer.MAX_VALUE).ifPresent(k -> node.put("top_k", k));
        if (node.has("temperature") || node.has("top_p") || node.has("top_k")) {
            node.put("do_sample", true);
        }
        return node.isEmpty() ? Optional.empty() : Optional.of(node);
    }

    private static Set<Integer> ends(Metadata metadata) {
        Set<Integer> ends = new LinkedHashSet<>();
        for (String key : List.of("eos_token_id", "eot_token_id")) {
            metadata.optionalInt("tokenizer.ggml." + key, 0, MAX_ID).ifPresent(ends::add);
        }
        MetadataValue.NumberArray types = metadata.integers("tokenizer.ggml.token_type");
        if (ends.isEmpty() || types == null || !metadata.has("tokenizer.ggml.tokens")) {
            return ends;
        }
        List<String> tokens = metadata.strings("tokenizer.ggml.tokens");
        boolean chat = ends.stream()
                .anyMatch(id -> id < tokens.size() && tokens.get(id).equals(END_OF_TURN));
        for (int id = 0; chat && id < Math.min(tokens.size(), types.size()); id++) {
            if (types.whole(id) == TokenizerBuilder.CONTROL && tokens.get(id).equals(END_OF_TEXT)) {
                ends.add(id);
            }
        }
        return ends;
    }

    private static void number(ObjectNode node, String name, Metadata metadata, String key) {
        metadata.optionalNumber("general.sampling." + key).ifPresent(x -> node.put(name, BigDecimal.valueOf(x)));
    }
}
