package ingot.tests.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/**
 * Checkpoints of published shapes with random bf16 weights, for measuring: {@code SyntheticCheckpoint SHAPE FOLDER}. The
 * weights repeat a block of a million normal numbers, so that writing is as fast as the disk.
 */
public final class SyntheticCheckpoint {
    private static final int BLOCK = 1 << 20;

    private SyntheticCheckpoint() {}

    /** Published shapes by a short name. */
    public enum Model {
        QWEN2_5_0_5B("qwen2", 896, 24, 4864, 14, 2, 64, 151_936, true),
        QWEN2_5_1_5B("qwen2", 1536, 28, 8960, 12, 2, 128, 151_936, true),
        QWEN3_1_7B("qwen3", 2048, 28, 6144, 16, 8, 128, 151_936, true),
        QWEN3_4B("qwen3", 2560, 36, 9728, 32, 8, 128, 151_936, true);

        private final String type;
        private final int hidden;
        private final int layers;
        private final int intermediate;
        private final int heads;
        private final int kvHeads;
        private final int headDim;
        private final int vocab;
        private final boolean tied;

        Model(
                String type,
                int hidden,
                int layers,
                int intermediate,
                int heads,
                int kvHeads,
                int headDim,
                int vocab,
                boolean tied) {
            this.type = type;
            this.hidden = hidden;
            this.layers = layers;
            this.intermediate = intermediate;
            this.heads = heads;
            this.kvHeads = kvHeads;
            this.headDim = headDim;
            this.vocab = vocab;
            this.tied = tied;
        }

        private boolean qwen3() {
            return type.equals("qwen3");
        }

        /** Every tensor with its shape, in an order that is not that of a forward pass. */
        private Map<String, long[]> tensors() {
            Map<String, long[]> t = new LinkedHashMap<>();
            for (int i = 0; i < layers; i++) {
                String p = "model.layers." + i + ".";
                t.put(p + "mlp.down_proj.weight", new long[] {hidden, intermediate});
                t.put(p + "mlp.gate_proj.weight", new long[] {intermediate, hidden});
                t.put(p + "mlp.up_proj.weight", new long[] {intermediate, hidden});
                t.put(p + "input_layernorm.weight", new long[] {hidden});
                t.put(p + "post_attention_layernorm.weight", new long[] {hidden});
                for (String q : new String[] {"q", "k", "v"}) {
                    long rows = (long) (q.equals("q") ? heads : kvHeads) * headDim;
                    t.put(p + "self_attn." + q + "_proj.weight", new long[] {rows, hidden});
                    if (!qwen3()) {
                        t.put(p + "self_attn." + q + "_proj.bias", new long[] {rows});
                    }
                }
                t.put(p + "self_attn.o_proj.weight", new long[] {hidden, (long) heads * headDim});
                if (qwen3()) {
                    t.put(p + "self_attn.q_norm.weight", new long[] {headDim});
                    t.put(p + "self_attn.k_norm.weight", new long[] {headDim});
                }
            }
            t.put("model.norm.weight", new long[] {hidden});
            t.put("model.embed_tokens.weight", new long[] {vocab, hidden});
            if (!tied) {
                t.put("lm_head.weight", new long[] {vocab, hidden});
            }
            return t;
        }

        private String config() {
            return """
                    {"architectures": ["%s"], "model_type": "%s", "hidden_size": %d, "num_hidden_layers": %d,
                     "intermediate_size": %d, "num_attention_heads": %d, "num_key_value_heads": %d, "head_dim": %d,
                     "vocab_size": %d, "tie_word_embeddings": %s, "hidden_act": "silu", "rms_norm_eps": 1e-06,
                     "rope_theta": 1000000.0, "max_position_embeddings": 32768, "torch_dtype": "bfloat16"}
                    """.formatted(
                            qwen3() ? "Qwen3ForCausalLM" : "Qwen2ForCausalLM",
                            type,
                            hidden,
                            layers,
                            intermediate,
                            heads,
                            kvHeads,
                            headDim,
                            vocab,
                            tied);
        }
    }

    /** Writes {@code config.json} and {@code model.safetensors}; returns the bytes of the latter. */
    public static long write(Model model, Path folder) throws IOException {
        Files.createDirectories(folder);
        Files.writeString(folder.resolve("config.json"), model.config());
        StringBuilder header = new StringBuilder("{\"__metadata__\":{\"format\":\"pt\"}");
        long total = 0;
        for (var t : model.tensors().entrySet()) {
            long bytes = 2;
            StringBuilder shape = new StringBuilder();
            for (long d : t.getValue()) {
                bytes *= d;
                shape.append(shape.isEmpty() ? "" : ",").append(d);
            }
            header.append(",\"%s\":{\"dtype\":\"BF16\",\"shape\":[%s],\"data_offsets\":[%d,%d]}"
                    .formatted(t.getKey(), shape, total, total + bytes));
            total += bytes;
        }
        byte[] json = header.append('}').toString().getBytes(StandardCharsets.UTF_8);
        try (FileChannel out = FileChannel.open(
                folder.resolve("model.safetensors"),
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE,
                StandardOpenOption.TRUNCATE_EXISTING)) {
            ByteBuffer prefix = ByteBuffer.allocate(8 + json.length).order(ByteOrder.LITTLE_ENDIAN);
            out.write(prefix.putLong(json.length).put(json).flip());
            ByteBuffer block = block();
            for (long left = total; left > 0; ) {
                block.clear().limit((int) Math.min(block.capacity(), left));
                left -= out.write(block);
            }
            return out.size();
        }
    }

    private static ByteBuffer block() {
        RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(20_260_101);
        ByteBuffer block = ByteBuffer.allocateDirect(2 * BLOCK).order(ByteOrder.LITTLE_ENDIAN);
        while (block.hasRemaining()) {
            float w = (float) (0.02 * random.nextGaussian());
            block.putShort((short) (Float.floatToRawIntBits(w) >>> 16));
        }
        return block;
    }

    public static void main(String[] args) throws IOException {
        Model model = Model.valueOf(args[0].toUpperCase(java.util.Locale.ROOT).replaceAll("[.-]", "_"));
        System.out.println(write(model, Path.of(args[1])) + " bytes");
    }
}
