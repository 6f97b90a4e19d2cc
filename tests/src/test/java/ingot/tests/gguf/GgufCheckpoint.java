package ingot.tests.gguf;

import ingot.formats.Numbers;
import ingot.formats.TensorInfo;
import ingot.formats.hf.HfFolder;
import ingot.formats.json.Json;
import ingot.formats.json.JsonBound;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Turns a published checkpoint folder into GGUF, as llama.cpp's converter does: names, reversed dimensions, metadata of the
 * architecture and the tokenizer. Matrices keep their type or become one asked for; vectors are F32.
 */
public final class GgufCheckpoint {
    private static final int F16 = 1;
    private static final int BF16 = 30;

    private GgufCheckpoint() {}

    /** @param type ggml's number of the type of matrices: 0 (F32), 1 (F16) or 30 (BF16) */
    public static GgufWriter of(Path folder, int type) {
        try (HfFolder model = HfFolder.open(folder)) {
            GgufWriter out = new GgufWriter();
            ObjectNode config = model.config();
            String arch = architecture(config);
            out.text("general.architecture", arch)
                    .text("general.name", folder.getFileName().toString());
            sizes(out, arch, config);
            if (Files.exists(folder.resolve("tokenizer.json"))) {
                tokenizer(out, folder, config);
            }
            Map<String, List<TensorInfo>> experts = new TreeMap<>();
            for (TensorInfo t : model.weights().tensors().values()) {
                if (t.name().contains(".experts.")) {
                    experts.computeIfAbsent(
                                    t.name().replaceFirst("experts\\.\\d+\\.", "experts."), k -> new ArrayList<>())
                            .add(t);
                    continue;
                }
                float[] w = values(model, t);
                long[] dims = reversed(t.shape().dims());
                if (dims.length == 2 && dims[1] == 1) {
                    dims = new long[] {dims[0]};
                }
                int stored = dims.length == 1 ? 0 : type;
                out.tensor(name(t.name()), stored, bytes(w, stored), dims);
            }
            experts.forEach((name, list) -> expert(out, model, name, list, type));
            return out;
        }
    }

    private static void expert(GgufWriter out, HfFolder model, String name, List<TensorInfo> list, int type) {
        list.sort(java.util.Comparator.comparingInt(
                t -> Integer.parseInt(t.name().replaceFirst(".*experts\\.(\\d+)\\..*", "$1"))));
        byte[][] parts = list.stream().map(t -> bytes(values(model, t), type)).toArray(byte[][]::new);
        long[] dims = list.getFirst().shape().dims();
        out.tensor(name(name), type, GgufWriter.concat(parts), dims[1], dims[0], list.size());
    }

    private static String architecture(ObjectNode config) {
        return config.path("model_type").stringValue().replace("_", "");
    }

    private static void sizes(GgufWriter out, String arch, ObjectNode c) {
        int heads = c.path("num_attention_heads").intValue();
        out.u32(arch + ".block_count", c.path("num_hidden_layers").intValue());
        out.u32(arch + ".context_length", c.path("max_position_embeddings").intValue());
        out.u32(arch + ".embedding_length", c.path("hidden_size").intValue());
        out.u32(arch + ".feed_forward_length", c.path("intermediate_size").intValue());
        out.u32(arch + ".attention.head_count", heads);
        out.u32(arch + ".attention.head_count_kv", c.path("num_key_value_heads").intValue());
        if (c.path("head_dim").isInt()) {
            out.u32(arch + ".attention.key_length", c.path("head_dim").intValue());
            out.u32(arch + ".attention.value_length", c.path("head_dim").intValue());
        }
        out.f32(arch + ".attention.layer_norm_rms_epsilon", (float) Json.number(c.path("rms_norm_eps")));
        JsonNode parameters = c.path("rope_parameters");
        JsonNode theta = c.has("rope_theta") ? c.path("rope_theta") : parameters.path("rope_theta");
        out.f32(arch + ".rope.freq_base", (float) Json.number(theta));
        JsonNode scaling = c.path("rope_scaling").isObject() ? c.path("rope_scaling") : parameters;
        if (scaling.has("factor")) {
            out.text(arch + ".rope.scaling.type", "yarn");
            out.f32(arch + ".rope.scaling.factor", (float) Json.number(scaling.path("factor")));
            out.u32(
                    arch + ".rope.scaling.original_context_length",
                    scaling.path("original_max_position_embeddings").intValue());
        }
        if (c.has("num_experts") && c.path("num_experts").intValue() > 0) {
            out.u32(arch + ".expert_count", c.path("num_experts").intValue());
            out.u32(arch + ".expert_used_count", c.path("num_experts_per_tok").intValue());
            out.u32(
                    arch + ".expert_feed_forward_length",
                    c.path("moe_intermediate_size").intValue());
            if (c.has("shared_expert_intermediate_size")) {
                out.u32(
                        arch + ".expert_shared_feed_forward_length",
                        c.path("shared_expert_intermediate_size").intValue());
            }
        }
    }

    private static void tokenizer(GgufWriter out, Path folder, ObjectNode config) {
        ObjectNode root = Json.readObject(folder.resolve("tokenizer.json"), JsonBound.INPUT);
        int size = config.path("vocab_size").intValue();
        String[] tokens = new String[size];
        Integer[] types = new Integer[size];
        for (int i = 0; i < size; i++) {
            tokens[i] = "[PAD" + i + "]";
            types[i] = 5;
        }
        root.path("model").path("vocab").properties().forEach(e -> {
            tokens[e.getValue().intValue()] = e.getKey();
            types[e.getValue().intValue()] = 1;
        });
        root.path("added_tokens").forEach(t -> {
            int id = t.path("id").intValue();
            tokens[id] = t.path("content").stringValue();
            types[id] = t.path("special").booleanValue() ? 3 : 4;
        });
        List<String> merges = new ArrayList<>();
        root.path("model")
                .path("merges")
                .forEach(m -> merges.add(
                        m.isString()
                                ? m.stringValue()
                                : m.get(0).stringValue() + " " + m.get(1).stringValue()));
        out.text("tokenizer.ggml.model", "gpt2").text("tokenizer.ggml.pre", "qwen2");
        out.strings("tokenizer.ggml.tokens", List.of(tokens));
        out.ints("tokenizer.ggml.token_type", List.of(types));
        out.strings("tokenizer.ggml.merges", merges);
        ObjectNode settings = Json.readObject(folder.resolve("tokenizer_config.json"), JsonBound.INPUT);
        id(out, "eos", settings.path("eos_token"), List.of(tokens));
        id(out, "padding", settings.path("pad_token"), List.of(tokens));
        out.flag("tokenizer.ggml.add_bos_token", false);
        if (settings.path("chat_template").isString()) {
            out.text("tokenizer.chat_template", settings.path("chat_template").stringValue());
        }
    }

    private static void id(GgufWriter out, String role, JsonNode token, List<String> tokens) {
        JsonNode text = token.isObject() ? token.path("content") : token;
        if (text.isString()) {
            out.u32("tokenizer.ggml." + role + "_token_id", tokens.indexOf(text.stringValue()));
        }
    }

    /** The name llama.cpp gives a tensor (gguf-py, tensor_mapping.py). */
    static String name(String published) {
        String name = published.replaceFirst("^model\\.", "");
        name = name.replaceFirst("^layers\\.(\\d+)\\.", "blk.$1.");
        String[][] table = {
            {"embed_tokens.", "token_embd."},
            {"post_attention_layernorm.", "ffn_norm."},
            {"input_layernorm.", "attn_norm."},
            {"self_attn.q_proj.", "attn_q."},
            {"self_attn.k_proj.", "attn_k."},
            {"self_attn.v_proj.", "attn_v."},
            {"self_attn.o_proj.", "attn_output."},
            {"self_attn.q_norm.", "attn_q_norm."},
            {"self_attn.k_norm.", "attn_k_norm."},
            {"mlp.experts.gate_proj.", "ffn_gate_exps."},
            {"mlp.experts.up_proj.", "ffn_up_exps."},
            {"mlp.experts.down_proj.", "ffn_down_exps."},
            {"mlp.shared_expert.gate_proj.", "ffn_gate_shexp."},
            {"mlp.shared_expert.up_proj.", "ffn_up_shexp."},
            {"mlp.shared_expert.down_proj.", "ffn_down_shexp."},
            {"mlp.shared_expert_gate.", "ffn_gate_inp_shexp."},
            {"mlp.gate_proj.", "ffn_gate."},
            {"mlp.up_proj.", "ffn_up."},
            {"mlp.down_proj.", "ffn_down."},
            {"mlp.gate.", "ffn_gate_inp."},
            {"lm_head.", "output."},
        };
        for (String[] row : table) {
            if (name.contains(row[0])) {
                return name.replace(row[0], row[1]);
            }
        }
        return name.startsWith("norm.") ? "output_" + name : name;
    }

    static float[] values(HfFolder model, TensorInfo t) {
        byte[] raw = new byte[Math.toIntExact(t.bytes())];
        model.weights().read(t, 0, MemorySegment.ofArray(raw));
        float[] w = new float[Math.toIntExact(t.shape().count())];
        Numbers.toF32(t.dtype(), MemorySegment.ofArray(raw), 0, w, 0, w.length);
        return w;
    }

    private static byte[] bytes(float[] w, int type) {
        ByteBuffer out = ByteBuffer.allocate(w.length * (type == 0 ? 4 : 2)).order(ByteOrder.LITTLE_ENDIAN);
        for (float x : w) {
            switch (type) {
                case 0 -> out.putFloat(x);
                case F16 -> out.putShort(Float.floatToFloat16(x));
                case BF16 -> out.putShort((short) (Float.floatToRawIntBits(x) >>> 16));
                default -> throw new IllegalArgumentException("type " + type);
            }
        }
        return out.array();
    }

    private static long[] reversed(long[] dims) {
        long[] out = new long[dims.length];
        for (int i = 0; i < dims.length; i++) {
            out[i] = dims[dims.length - 1 - i];
        }
        return out;
    }

    /** Writes a folder's model: {@code FOLDER OUT.gguf TYPE}. */
    public static void main(String[] args) throws IOException {
        of(Path.of(args[0]), Integer.parseInt(args[2])).write(Path.of(args[1]));
        System.out.println(args[1]);
    }
}
