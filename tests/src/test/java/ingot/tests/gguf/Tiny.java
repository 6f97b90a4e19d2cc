package ingot.tests.gguf;

import ingot.formats.Numbers;
import ingot.formats.TensorInfo;
import ingot.formats.gguf.GgufModel;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
import java.util.Map;

/** The smallest complete Qwen2 model in GGUF, of awkward sizes. */
public final class Tiny {
    public static final int HIDDEN = 6;
    public static final int INNER = 5;
    public static final int VOCAB = 7;

    private Tiny() {}

    /** Metadata of one layer, 3 heads of 2, 1 of keys. */
    public static GgufWriter metadata(GgufWriter out, int headDim) {
        return out.text("general.architecture", "qwen2")
                .u32("qwen2.block_count", 1)
                .u32("qwen2.context_length", 64)
                .u32("qwen2.embedding_length", 3 * headDim)
                .u32("qwen2.feed_forward_length", INNER)
                .u32("qwen2.attention.head_count", 3)
                .u32("qwen2.attention.head_count_kv", 1)
                .f32("qwen2.attention.layer_norm_rms_epsilon", 1e-6f)
                .f32("qwen2.rope.freq_base", 10000f);
    }

    /** Published name → weights, as {@link #model} stores them. */
    public static Map<String, float[]> values() {
        Map<String, float[]> values = new LinkedHashMap<>();
        tensors().forEach((name, dims) -> values.put(name, weights(name, dims)));
        return values;
    }

    /** The whole model in F32. */
    public static GgufWriter model() {
        GgufWriter out = metadata(new GgufWriter(), 2);
        tensors().forEach((name, dims) -> out.tensor(GgufCheckpoint.name(name), 0, bytes(weights(name, dims)), dims));
        return out;
    }

    /** Published name → dimensions, innermost first. */
    private static Map<String, long[]> tensors() {
        Map<String, long[]> t = new LinkedHashMap<>();
        String layer = "model.layers.0.";
        t.put("model.embed_tokens.weight", new long[] {HIDDEN, VOCAB});
        t.put("model.norm.weight", new long[] {HIDDEN});
        t.put(layer + "input_layernorm.weight", new long[] {HIDDEN});
        t.put(layer + "self_attn.q_proj.weight", new long[] {HIDDEN, HIDDEN});
        t.put(layer + "self_attn.q_proj.bias", new long[] {HIDDEN});
        t.put(layer + "self_attn.k_proj.weight", new long[] {HIDDEN, 2});
        t.put(layer + "self_attn.k_proj.bias", new long[] {2});
        t.put(layer + "self_attn.v_proj.weight", new long[] {HIDDEN, 2});
        t.put(layer + "self_attn.v_proj.bias", new long[] {2});
        t.put(layer + "self_attn.o_proj.weight", new long[] {HIDDEN, HIDDEN});
        t.put(layer + "post_attention_layernorm.weight", new long[] {HIDDEN});
        t.put(layer + "mlp.gate_proj.weight", new long[] {HIDDEN, INNER});
        t.put(layer + "mlp.up_proj.weight", new long[] {HIDDEN, INNER});
        t.put(layer + "mlp.down_proj.weight", new long[] {INNER, HIDDEN});
        t.put("lm_head.weight", new long[] {HIDDEN, VOCAB});
        return t;
    }

    private static float[] weights(String name, long[] dims) {
        long n = 1;
        for (long d : dims) {
            n *= d;
        }
        float[] w = new float[(int) n];
        for (int i = 0; i < w.length; i++) {
            w[i] = ((i * 41 + name.length() * 13) % 103 - 51) / 64f;
        }
        return w;
    }

    public static byte[] bytes(float... w) {
        ByteBuffer out = ByteBuffer.allocate(4 * w.length).order(ByteOrder.LITTLE_ENDIAN);
        out.asFloatBuffer().put(w);
        return out.array();
    }

    /** Some weights, exact in every format of floating-point numbers. */
    static float[] ramp(int n) {
        float[] out = new float[n];
        for (int i = 0; i < n; i++) {
            out[i] = i % 200 / 64f;
        }
        return out;
    }

    /** The weights of a tensor by its published name. */
    static float[] read(GgufModel model, String name) {
        TensorInfo t = model.tensors().tensors().get(name);
        byte[] bytes = new byte[(int) t.bytes()];
        model.tensors().read(t, 0, MemorySegment.ofArray(bytes));
        float[] out = new float[(int) t.shape().count()];
        Numbers.toF32(t.dtype(), MemorySegment.ofArray(bytes), 0, out, 0, out.length);
        return out;
    }
}
