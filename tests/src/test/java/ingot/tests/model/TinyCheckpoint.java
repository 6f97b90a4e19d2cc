package ingot.tests.model;

import ingot.formats.Numbers;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;

/** Makes random checkpoints of a few kilobytes: config.json beside model.safetensors, written by hand. */
final class TinyCheckpoint {
    private record Tensor(String dtype, int[] shape, double[] values) {}

    private final Map<String, Tensor> tensors = new LinkedHashMap<>();
    private final Random random;

    TinyCheckpoint(long seed) {
        random = new Random(seed);
    }

    /** A random matrix [rows, cols] of spread {@code gain}/√cols. */
    void matrix(String name, String dtype, int rows, int cols, double gain) {
        double[] values = new double[rows * cols];
        for (int i = 0; i < values.length; i++) {
            values[i] = round(dtype, random.nextGaussian() * gain / Math.sqrt(cols));
        }
        tensors.put(name, new Tensor(dtype, new int[] {rows, cols}, values));
    }

    /** A random vector around {@code mean}. */
    void vector(String name, String dtype, int n, double mean, double spread) {
        double[] values = new double[n];
        for (int i = 0; i < n; i++) {
            values[i] = round(dtype, mean + random.nextGaussian() * spread);
        }
        tensors.put(name, new Tensor(dtype, new int[] {n}, values));
    }

    /** A random tensor of any shape and spread 1/√(last dimension): a convolution's taps. */
    void taps(String name, String dtype, int... shape) {
        zeros(name, dtype, shape);
        double[] values = tensors.get(name).values();
        for (int i = 0; i < values.length; i++) {
            values[i] = round(dtype, random.nextGaussian() / Math.sqrt(shape[shape.length - 1]));
        }
    }

    /** A tensor of any shape, filled with zeros. */
    void zeros(String name, String dtype, int... shape) {
        int n = 1;
        for (int d : shape) {
            n *= d;
        }
        tensors.put(name, new Tensor(dtype, shape, new double[n]));
    }

    void remove(String name) {
        if (tensors.remove(name) == null) {
            throw new IllegalArgumentException(name);
        }
    }

    /** Puts {@code to} in the place of {@code from} at the start of every name. */
    void rebase(String from, String to) {
        for (String name : java.util.List.copyOf(tensors.keySet())) {
            if (name.startsWith(from)) {
                rename(name, to + name.substring(from.length()));
            }
        }
    }

    void rename(String from, String to) {
        tensors.put(to, tensors.remove(from));
    }

    /** A decoder's weights: biases on q, k, v and o as asked, norms on q and k if {@code qkNorm}. */
    void decoder(NaiveQwen.Shape s, int inner, Parts parts) {
        matrix("model.embed_tokens.weight", parts.dtype, s.vocab(), s.hidden(), Math.sqrt(s.hidden()));
        for (int layer = 0; layer < s.layers(); layer++) {
            String p = "model.layers." + layer + ".";
            vector(p + "input_layernorm.weight", parts.dtype, s.hidden(), 1, 0.2);
            linear(p + "self_attn.q_proj", s.heads() * s.headDim(), s.hidden(), parts.dtype, parts.qkvBias);
            linear(p + "self_attn.k_proj", s.kvHeads() * s.headDim(), s.hidden(), parts.dtype, parts.qkvBias);
            linear(p + "self_attn.v_proj", s.kvHeads() * s.headDim(), s.hidden(), parts.dtype, parts.qkvBias);
            if (parts.qkNorm) {
                vector(p + "self_attn.q_norm.weight", parts.dtype, s.headDim(), 1, 0.2);
                vector(p + "self_attn.k_norm.weight", parts.dtype, s.headDim(), 1, 0.2);
            }
            linear(p + "self_attn.o_proj", s.hidden(), s.heads() * s.headDim(), parts.dtype, parts.outputBias);
            vector(p + "post_attention_layernorm.weight", parts.dtype, s.hidden(), 1, 0.2);
            mlp(p + "mlp.", inner, s.hidden(), parts.dtype);
        }
        vector("model.norm.weight", parts.dtype, s.hidden(), 1, 0.2);
        if (parts.head) {
            matrix("lm_head.weight", parts.dtype, s.vocab(), s.hidden(), 1);
        }
    }

    /** Puts experts, and a shared one if {@code shared} > 0, in the place of a layer's MLP. */
    void experts(int layer, int hidden, Experts moe, String dtype) {
        experts("model.layers." + layer + ".mlp.", hidden, moe, dtype);
    }

    /** @param p prefix of the names of the MLP; ends in a dot */
    void experts(String p, int hidden, Experts moe, String dtype) {
        for (String name : new String[] {"gate_proj", "up_proj", "down_proj"}) {
            remove(p + name + ".weight");
        }
        matrix(p + "gate.weight", dtype, moe.count, hidden, 1.5);
        for (int e = 0; e < moe.count; e++) {
            mlp(p + "experts." + e + ".", moe.inner, hidden, dtype);
        }
        if (moe.shared > 0) {
            matrix(p + "shared_expert_gate.weight", dtype, 1, hidden, 1.5);
            mlp(p + "shared_expert.", moe.shared, hidden, dtype);
        }
    }

    /** Number and widths of experts. */
    record Experts(int count, int inner, int shared) {}

    private void mlp(String prefix, int inner, int hidden, String dtype) {
        linear(prefix + "gate_proj", inner, hidden, dtype, false);
        linear(prefix + "up_proj", inner, hidden, dtype, false);
        linear(prefix + "down_proj", hidden, inner, dtype, false);
    }

    /** Stores all experts of a layer in two tensors: [E, 2I, H], gate rows first, and [E, H, I]. */
    void fuse(int layer, int hidden, Experts moe, String dtype) {
        String p = "model.layers." + layer + ".mlp.experts.";
        int size = moe.inner * hidden;
        double[] gateUp = new double[moe.count * 2 * size];
        double[] down = new double[moe.count * size];
        for (int e = 0; e < moe.count; e++) {
            System.arraycopy(tensors.remove(p + e + ".gate_proj.weight").values(), 0, gateUp, 2 * e * size, size);
            System.arraycopy(tensors.remove(p + e + ".up_proj.weight").values(), 0, gateUp, (2 * e + 1) * size, size);
            System.arraycopy(tensors.remove(p + e + ".down_proj.weight").values(), 0, down, e * size, size);
        }
        tensors.put(p + "gate_up_proj", new Tensor(dtype, new int[] {moe.count, 2 * moe.inner, hidden}, gateUp));
        tensors.put(p + "down_proj", new Tensor(dtype, new int[] {moe.count, hidden, moe.inner}, down));
    }

    /** Which optional tensors exist. */
    record Parts(String dtype, boolean qkvBias, boolean outputBias, boolean qkNorm, boolean head) {}

    void linear(String module, int rows, int cols, String dtype, boolean bias) {
        matrix(module + ".weight", dtype, rows, cols, 1.5);
        if (bias) {
            vector(module + ".bias", dtype, rows, 0, 0.3);
        }
    }

    /** The values exactly as stored, by the names given. */
    Map<String, double[]> values() {
        Map<String, double[]> values = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> values.put(name, tensor.values()));
        return values;
    }

    Path write(Path folder, String config) {
        try {
            Files.createDirectories(folder);
            Files.writeString(folder.resolve("config.json"), config);
            Files.write(folder.resolve("model.safetensors"), safetensors());
            return folder;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private byte[] safetensors() {
        StringBuilder header = new StringBuilder("{");
        int end = 0;
        for (var entry : tensors.entrySet()) {
            Tensor t = entry.getValue();
            int begin = end;
            end += t.values().length * bytes(t.dtype());
            header.append(header.length() == 1 ? "" : ",")
                    .append('"')
                    .append(entry.getKey())
                    .append("\":{\"dtype\":\"")
                    .append(t.dtype())
                    .append("\",\"shape\":")
                    .append(java.util.Arrays.toString(t.shape()))
                    .append(",\"data_offsets\":[")
                    .append(begin)
                    .append(',')
                    .append(end)
                    .append("]}");
        }
        byte[] json = header.append('}').toString().getBytes(StandardCharsets.UTF_8);
        ByteBuffer file = ByteBuffer.allocate(8 + json.length + end).order(ByteOrder.LITTLE_ENDIAN);
        file.putLong(json.length).put(json);
        for (Tensor t : tensors.values()) {
            for (double value : t.values()) {
                switch (t.dtype()) {
                    case "F64" -> file.putDouble(value);
                    case "F32" -> file.putFloat((float) value);
                    case "F16" -> file.putShort(Float.floatToFloat16((float) value));
                    case "BF16" -> file.putShort((short) (Float.floatToRawIntBits((float) value) >>> 16));
                    case "I32" -> file.putInt((int) value);
                    default -> throw new IllegalArgumentException(t.dtype());
                }
            }
        }
        return file.array();
    }

    private static int bytes(String dtype) {
        return switch (dtype) {
            case "F64" -> 8;
            case "F32", "I32" -> 4;
            default -> 2;
        };
    }

    /** To the nearest number the type holds; F64 weights are f32 numbers, so that widening is not what a test measures. */
    private static double round(String dtype, double value) {
        return switch (dtype) {
            case "F16" -> Float.float16ToFloat(Float.floatToFloat16((float) value));
            case "BF16" -> Numbers.bf16ToF32(Numbers.f32ToBf16((float) value));
            default -> (float) value;
        };
    }
}
